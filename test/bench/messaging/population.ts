/** Tenants, users and conversations for the measurements, made over REST as any tenant's server makes them. */
const AT_ONCE = 16;

export interface Person {
  name: string;
  token: string;
}

export class Population {
  private said = 0;

  private constructor(
    private readonly url: string,
    readonly tenantId: string,
    readonly key: string,
  ) {}

  /** @param limits granted to it, where it calls more often than its tier may */
  static async found(
    url: string,
    platformKey: string,
    { tier = 'free', limits }: { tier?: string; limits?: Record<string, number> } = {},
  ): Promise<Population> {
    const tenant = await call<{ id: string; server_key: { key: string } }>(url, 'POST', '/platform/v1/tenants', {
      authorization: platformKey,
      body: { name: 'Bench', tier },
    });
    if (limits) {
      const path = `/platform/v1/tenants/${tenant.id}/settings`;
      await call(url, 'PATCH', path, { authorization: platformKey, body: { limits } });
    }
    return new Population(url, tenant.id, tenant.server_key.key);
  }

  people(prefix: string, count: number): Promise<Person[]> {
    return inTurns(count, async (at) => {
      const name = `${prefix}-${at}`;
      await this.ask('PUT', `/v1/users/${name}`, { display_name: `Bench ${name}` });
      const { token } = await this.ask<{ token: string }>('POST', `/v1/users/${name}/tokens`, { expires_in: 86_400 });
      return { name, token };
    });
  }

  /** @returns the conversation's id */
  async room(people: Person[]): Promise<string> {
    const [first, ...others] = people;
    const body = { type: 'group', name: 'Room', member_ids: others.map(({ name }) => name) };
    return (await this.ask<{ id: string }>('POST', '/v1/conversations', body, first)).id;
  }

  /** @param mentions names */
  async say(conversationId: string, as: Person, text: string, mentions: string[] = []): Promise<void> {
    this.said += 1;
    const body = { client_message_id: `said-${this.said}`, text, mentions };
    await this.ask('POST', `/v1/conversations/${conversationId}/messages`, body, as);
  }

  async read(conversationId: string, as: Person, seq: number): Promise<void> {
    await this.ask('PUT', `/v1/conversations/${conversationId}/read`, { seq }, as);
  }

  async direct(one: Person, other: Person): Promise<string> {
    const body = { type: 'direct', member_ids: [other.name] };
    return (await this.ask<{ id: string }>('POST', '/v1/conversations', body, one)).id;
  }

  private ask<T>(method: string, path: string, body: object, as?: Person): Promise<T> {
    return call<T>(this.url, method, path, { authorization: as?.token ?? this.key, body });
  }
}

/** Runs `work` for 0, 1, …, some at once; the results in order. */
export async function inTurns<T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, offset) => work(at + offset));
    results.push(...(await Promise.all(some)));
  }
  return results;
}

async function call<T>(
  url: string,
  method: string,
  path: string,
  { authorization, body }: { authorization: string; body: object },
): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${authorization}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
