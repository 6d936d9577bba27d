import { mapConcurrent, RetryPolicy, type MessageState, type TenantSession } from '#caas/testing';
import { Latency } from './latency';
import { PersonSocket } from './person-socket';
import type { Plan, PlannedConversation, Post } from './plan';
import { callerOf } from './tenant';

const CALLS_AT_ONCE = 16;
const CONVERSATIONS_AT_ONCE = 16;

export interface SentConversation {
  id: string;
  planned: PlannedConversation;
  /** As acknowledged, in the order of `planned.posts`. */
  messages: MessageState[];
}

/** Fills one tenant with a plan, half over REST and half over WebSocket, and keeps what was promised for the checks. */
export class TenantRun {
  readonly conversations: SentConversation[] = [];
  readonly sockets = new Map<string, PersonSocket>();
  readonly byRest = new Latency();
  readonly bySocket = new Latency();
  /** Of the sockets; calls have the system's. */
  readonly retry = new RetryPolicy();
  private readonly begun = { inAll: 0, bySocket: 0 };

  constructor(
    readonly tenant: TenantSession,
    readonly plan: Plan,
  ) {}

  get sent(): number {
    return this.byRest.count + this.bySocket.count;
  }

  /** Registers everybody, and connects the `connected` busiest of them. */
  async prepare(connected: number): Promise<void> {
    await mapConcurrent(CALLS_AT_ONCE, this.plan.people, ({ externalId, displayName }) =>
      this.tenant.putUser(externalId, { display_name: displayName }),
    );
    const { urls } = this.tenant.system;
    const busiest = busiestOf(this.plan).slice(0, connected);
    await mapConcurrent(CALLS_AT_ONCE, busiest.entries(), async ([index, externalId]) => {
      const token = await this.tenant.tokenOf(externalId);
      const socket = new PersonSocket(urls[index % urls.length]!, token, externalId, this.tenant.id, this.retry);
      this.sockets.set(externalId, socket);
      await socket.connected();
    });
  }

  /** One conversation's messages one after the other, many conversations at once. */
  async send(): Promise<void> {
    await mapConcurrent(CONVERSATIONS_AT_ONCE, this.plan.conversations, async (planned) => {
      const sent: SentConversation = { id: await this.open(planned), planned, messages: [] };
      this.conversations.push(sent);
      for (const post of planned.posts) sent.messages.push(await this.post(sent.id, post));
    });
  }

  close(): void {
    for (const socket of this.sockets.values()) socket.close();
  }

  private async open({ type, name, members, posts }: PlannedConversation): Promise<string> {
    const [opener = '', ...others] = members;
    const body = type === 'direct' ? { type, member_ids: others } : { type, name, member_ids: others };
    const once = { 'idempotency-key': `open-for-${posts[0]?.key}` };
    const caller = this.tenant.acting(opener);
    return (await caller.expectBody<{ id: string }>('POST', '/v1/conversations', body, once)).id;
  }

  private async post(conversationId: string, { key, sender, text }: Post): Promise<MessageState> {
    const client_message_id = `${this.tenant.id}-${key}`;
    const acknowledged = this.tenant.history.begin(conversationId, sender, client_message_id);
    const fields = { client_message_id, text, metadata: { tenant: this.tenant.id } };
    const message = await this.deliver(conversationId, sender, fields);
    acknowledged(message);
    return message;
  }

  private deliver(conversationId: string, sender: string, fields: { client_message_id: string }) {
    const socket = this.sockets.get(sender);
    this.begun.inAll += 1;
    // Only the busiest have a socket, so whoever has one sends over it until the half is reached.
    if (socket && this.begun.bySocket * 2 < this.begun.inAll) {
      this.begun.bySocket += 1;
      return this.bySocket.time(() => socket.send({ ...fields, conversation_id: conversationId }));
    }
    const by = this.begun.inAll % 4 < 2 ? 'token' : 'server_key';
    const path = `/v1/conversations/${conversationId}/messages`;
    return this.byRest.time(() => callerOf(this.tenant, sender, by).expectBody<MessageState>('POST', path, fields));
  }
}

/** Whoever writes or is written to most comes first. */
function busiestOf({ conversations }: Plan): string[] {
  const counts = new Map<string, number>();
  const count = (who: string, times: number) => counts.set(who, (counts.get(who) ?? 0) + times);
  for (const { members, posts } of conversations) {
    for (const { sender } of posts) count(sender, 1);
    for (const member of members) count(member, posts.length / members.length);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([who]) => who);
}
