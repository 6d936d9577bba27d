import type { Tier } from '#caas/kernel';
import { mapConcurrent, systemAt, TenantSession } from '#caas/testing';

const AT_ONCE = 16;
const TOKEN_SECONDS = 86_400;

export interface Person {
  name: string;
  token: string;
}

/** A tenant for measurements, its users and conversations, made over REST as any tenant's server makes them. */
export class Population {
  private constructor(private readonly session: TenantSession) {}

  /** @param limits granted to it, where it calls more often than its tier may */
  static async found(
    url: string,
    platformKey: string,
    { tier = 'free', limits }: { tier?: Tier; limits?: Record<string, number> } = {},
  ): Promise<Population> {
    const options = { name: 'Bench', tokens: { expires_in: TOKEN_SECONDS } };
    const session = await new TenantSession(systemAt([url], platformKey), tier, options).open();
    if (limits) await session.setLimits(limits);
    return new Population(session);
  }

  get tenantId(): string {
    return this.session.id;
  }

  get key(): string {
    return this.session.serverKey;
  }

  people(prefix: string, count: number): Promise<Person[]> {
    return inParallel(count, async (at) => {
      const name = `${prefix}-${at}`;
      await this.session.putUser(name, { display_name: `Bench ${name}` });
      return { name, token: await this.session.tokenOf(name) };
    });
  }

  /** @returns the conversation's id */
  async room([first, ...others]: Person[]): Promise<string> {
    const names = others.map(({ name }) => name);
    return (await this.session.room(first!.name, names, { name: 'Room' })).id;
  }

  async direct(one: Person, other: Person): Promise<string> {
    return (await this.session.room(one.name, [other.name], { type: 'direct' })).id;
  }

  /** @param settings by section, as the tenant's own server changes them */
  async set(settings: object): Promise<void> {
    await this.session.server().expectBody('PATCH', '/v1/settings', settings);
  }

  /** @param mentions names */
  async say(conversationId: string, as: Person, text: string, mentions: string[] = []): Promise<void> {
    const room = { id: conversationId, path: `/v1/conversations/${conversationId}` };
    const { status, body } = await this.session.send(as.name, room, { text, mentions });
    if (status !== 201) throw new Error(`A message was answered ${status} ${JSON.stringify(body)}`);
  }

  async read(conversationId: string, as: Person, seq: number): Promise<void> {
    await this.session.as(as.name).expectBody('PUT', `/v1/conversations/${conversationId}/read`, { seq });
  }
}

/** Does `work` for 0, 1, …, some at once; the results in order. */
export const inParallel = <T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> =>
  mapConcurrent(AT_ONCE, Array(count).keys(), work);
