import { setTimeout as delay } from 'node:timers/promises';
import { RetryPolicy, type AcknowledgedSend, type MessageState } from '#caas/testing';
import type { Journal } from './journal';
import type { Room, Users } from './users';

const ACTIONS_PER_SECOND = 40;
const INSIST_FOR_MS = 60_000;
const AWAY_MS = 100;
/** Of the sends, those in a thread. */
const REPLIES = 0.1;
/** Acknowledged sends that are replied to, reacted to and edited. */
const RECENT = 500;
const EMOJIS = ['👍', '🎉', '🙏'];

/** The users of one tenant talk at random until they are told to stop, and then finish what they have begun. */
export class Traffic {
  private readonly retry = new RetryPolicy({ forMs: INSIST_FOR_MS });
  private sends = 0;

  constructor(
    private readonly users: Users,
    private readonly journal: Journal,
    /** Of `client_message_id`s: another for each `Traffic` that sends for the same users. */
    private readonly prefix = 'c',
  ) {}

  async run(until: AbortSignal): Promise<void> {
    const { names } = this.users;
    const pauseMs = (names.length / ACTIONS_PER_SECOND) * 1_000;
    await Promise.all(
      names.map(async (user) => {
        while (!until.aborted) {
          await delay(Math.random() * 2 * pauseMs, undefined, { signal: until }).catch(() => undefined);
          if (!until.aborted) await this.act(user);
        }
      }),
    );
  }

  /** Sends, again under the same `client_message_id` until it is acknowledged. */
  async send(user: string, room: Room, by: 'socket' | 'rest'): Promise<void> {
    const mentions = Math.random() < 0.2 ? [room.members[0]!] : [];
    const root = Math.random() < REPLIES ? this.rootFor(user, room) : undefined;
    const thread = root ? { thread_root_id: root.id } : {};
    const client_message_id = `${this.prefix}-${(this.sends += 1)}`;
    const body = { client_message_id, text: `message ${this.sends}`, mentions, ...thread };
    const acknowledged = this.journal.beginSend(room.id, user, body.client_message_id);
    const sent =
      by === 'socket'
        ? await this.emit<MessageState & { replayed?: boolean }>(user, room.id, 'message.send', {
            ...body,
            conversation_id: room.id,
          })
        : await this.call<MessageState>(user, room.id, 'POST', `/v1/conversations/${room.id}/messages`, body);
    if (!sent) return;
    this.journal.counts[by === 'socket' ? 'overSocket' : 'overRest'] += 1;
    if ('replayed' in sent) this.journal.counts.replayed += 1;
    if (root) this.journal.replies.add(sent.id);
    acknowledged(sent);
  }

  private async act(user: string): Promise<void> {
    const room = any(this.users.roomsOf(user));
    const dice = Math.random();
    if (dice < 0.4) return this.send(user, room, 'socket');
    if (dice < 0.6) return this.send(user, room, 'rest');
    if (dice < 0.75) return this.mark(user, room);
    if (dice < 0.78) return this.reconnect(user);
    const recent = this.journal.history.acknowledged.slice(-RECENT);
    const message = any(recent.filter((each) => each.room === room.id));
    if (!message) return;
    return dice < 0.9 ? this.react(user, message) : this.edit(message);
  }

  /** A recent message to reply to. Guests do not: what was said before they came may be hidden from them. */
  private rootFor(user: string, { id, guests }: Room): AcknowledgedSend | undefined {
    if (guests.includes(user)) return undefined;
    const recent = this.journal.history.acknowledged.slice(-RECENT);
    return any(recent.filter((each) => each.room === id && !this.journal.replies.has(each.id)));
  }

  private async mark(user: string, { id: conversation_id }: Room): Promise<void> {
    const newest = this.journal.history.acknowledged.findLast(({ room }) => room === conversation_id);
    if (!newest) return;
    const marked = await this.emit(user, conversation_id, 'conversation.read', { conversation_id, seq: newest.seq });
    if (!marked) return;
    this.journal.marked(conversation_id, user, newest.seq);
    this.journal.counts.marks += 1;
  }

  private async react(user: string, { id: message_id, room }: AcknowledgedSend): Promise<void> {
    const message = Math.random() < 0.7 ? 'reaction.add' : 'reaction.remove';
    const done = await this.emit(user, room, message, { message_id, emoji: any(EMOJIS) });
    if (done) this.journal.counts.reactions += 1;
  }

  private async edit({ id, sender, room }: AcknowledgedSend): Promise<void> {
    const text = `edited ${Math.random()}`;
    if (await this.call(sender, room, 'PATCH', `/v1/messages/${id}`, { text })) this.journal.counts.edits += 1;
  }

  /** Goes away for a moment, and comes back at any process. */
  private async reconnect(user: string): Promise<void> {
    const client = this.users.clientOf(user);
    client.disconnect();
    await delay(AWAY_MS);
    try {
      await client.connect(this.users.urlOf(Math.floor(Math.random() * 2)));
      this.journal.counts.reconnects += 1;
    } catch (error) {
      this.journal.refusals.push(`connect: ${(error as Error).message}`);
    }
  }

  /** Asks over the user's socket. Null when that is refused. */
  private async emit<T>(user: string, room: string, message: string, payload: object): Promise<T | null> {
    try {
      const attempt = () => this.users.clientOf(user).request<T>(message, payload);
      const answer = await this.retry.run(message, attempt, (each) => (each.ok ? null : each.error));
      return answer.ok ? answer.data : this.refused(user, room, message, answer.error);
    } catch (error) {
      this.journal.refusals.push((error as Error).message);
      return null;
    }
  }

  /** Asks over REST. Null when that is refused. */
  private async call<T>(user: string, room: string, method: string, path: string, body: object): Promise<T | null> {
    try {
      const answer = await this.users.tenant.as(user).call(method, path, body);
      if (answer.status < 300) return answer.body as T;
      return this.refused(user, room, `${method} ${path}`, answer.body as { status: number });
    } catch (error) {
      this.journal.refusals.push((error as Error).message);
      return null;
    }
  }

  /** A guest may be out of the room by now, or be back and ask for what is hidden from them: then a 404 is right. */
  private refused(user: string, roomId: string, what: string, problem: { status: number }): null {
    const isGuest = this.users.rooms.some(({ id, guests }) => id === roomId && guests.includes(user));
    if (isGuest && problem.status === 404) this.journal.counts.outside += 1;
    else this.journal.refusals.push(`${what}: ${JSON.stringify(problem)}`);
    return null;
  }
}

function any<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}
