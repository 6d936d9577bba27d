import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../../tools/demo/rest-client';
import type { MessageState } from '../support/chat-client/wire';
import type { Crowd, Room } from './crowd';
import type { Acknowledged, Ledger } from './ledger';

const ACTIONS_PER_SECOND = 40;
const INSIST_FOR_MS = 60_000;
const PAUSE_MS = 100;
const PASSING = new Set([429, 500, 503]);
const EMOJIS = ['👍', '🎉', '🙏'];

/** Everybody of one tenant talks at random until they are told to stop, and then finishes what they have begun. */
export class Traffic {
  private sends = 0;

  constructor(
    private readonly crowd: Crowd,
    private readonly ledger: Ledger,
    /** Of `client_message_id`s: another for each who sends for the same users. */
    private readonly prefix = 'c',
  ) {}

  async run(until: AbortSignal): Promise<void> {
    const pauseMs = (this.crowd.users.length / ACTIONS_PER_SECOND) * 1_000;
    await Promise.all(
      this.crowd.users.map(async (user) => {
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
    const body = { client_message_id: `${this.prefix}-${(this.sends += 1)}`, text: `message ${this.sends}`, mentions };
    const sent =
      by === 'socket'
        ? await this.insist<MessageState & { replayed?: boolean }>(user, room.id, 'message.send', {
            ...body,
            conversation_id: room.id,
          })
        : (await this.rest<MessageState>(user, room.id, 'POST', `/v1/conversations/${room.id}/messages`, body))?.body;
    if (!sent) return;
    this.ledger.counts[by === 'socket' ? 'overSocket' : 'overRest'] += 1;
    if ('replayed' in sent) this.ledger.counts.replayed += 1;
    const { id, seq } = sent;
    this.ledger.sent({ room: room.id, id, seq, sender: user, clientMessageId: body.client_message_id });
  }

  private async act(user: string): Promise<void> {
    const room = any(this.crowd.roomsOf(user));
    const dice = Math.random();
    if (dice < 0.4) return this.send(user, room, 'socket');
    if (dice < 0.6) return this.send(user, room, 'rest');
    if (dice < 0.75) return this.mark(user, room);
    if (dice < 0.78) return this.reconnect(user);
    const recent = this.ledger.acknowledged.slice(-500);
    const message = any(recent.filter((each) => each.room === room.id));
    if (!message) return;
    return dice < 0.9 ? this.react(user, message) : this.edit(message);
  }

  private async mark(user: string, { id: conversation_id }: Room): Promise<void> {
    const newest = this.ledger.acknowledged.findLast(({ room }) => room === conversation_id);
    if (!newest) return;
    const marked = await this.insist(user, conversation_id, 'conversation.read', { conversation_id, seq: newest.seq });
    if (!marked) return;
    this.ledger.marked(conversation_id, user, newest.seq);
    this.ledger.counts.marks += 1;
  }

  private async react(user: string, { id: message_id, room }: Acknowledged): Promise<void> {
    const message = Math.random() < 0.7 ? 'reaction.add' : 'reaction.remove';
    const done = await this.insist(user, room, message, { message_id, emoji: any(EMOJIS) });
    if (done) this.ledger.counts.reactions += 1;
  }

  private async edit({ id, sender, room }: Acknowledged): Promise<void> {
    const text = `edited ${Math.random()}`;
    if (await this.rest(sender, room, 'PATCH', `/v1/messages/${id}`, { text })) this.ledger.counts.edits += 1;
  }

  /** Goes away for a moment, and comes back at any process. */
  private async reconnect(user: string): Promise<void> {
    const client = this.crowd.clientOf(user);
    client.disconnect();
    await delay(PAUSE_MS);
    await client.connect(this.crowd.urlOf(Math.floor(Math.random() * 2)));
    this.ledger.counts.reconnects += 1;
  }

  private async insist<T>(user: string, room: string, message: string, payload: object): Promise<T | null> {
    const deadline = Date.now() + INSIST_FOR_MS;
    let problem = '';
    while (Date.now() < deadline) {
      try {
        const answer = await this.crowd.clientOf(user).request<T>(message, payload);
        if (answer.ok) return answer.data;
        if (this.mayBeOut(user, room, answer.error.status)) return null;
        problem = JSON.stringify(answer.error);
        if (!PASSING.has(answer.error.status)) break;
      } catch (error) {
        problem = (error as Error).message;
      }
      await delay(PAUSE_MS);
    }
    this.ledger.refusals.push(`${message}: ${problem}`);
    return null;
  }

  private async rest<T>(
    user: string,
    room: string,
    method: string,
    path: string,
    body: object,
  ): Promise<Answer<T> | null> {
    const { tenant } = this.crowd;
    try {
      const answer = await tenant.rest.call<T>(method, path, { ...(await tenant.as(user, 'token')), body });
      if (answer.status < 300) return answer;
      if (this.mayBeOut(user, room, answer.status)) return null;
      this.ledger.refusals.push(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    } catch (error) {
      this.ledger.refusals.push((error as Error).message);
    }
    return null;
  }

  /** Who is taken out while they do something is told that there is no such conversation; so is who returns, of what is hidden. */
  private mayBeOut(user: string, roomId: string, status: number): boolean {
    const isGuest = this.crowd.rooms.some(({ id, guests }) => id === roomId && guests.includes(user));
    if (!isGuest || status !== 404) return false;
    this.ledger.counts.outside += 1;
    return true;
  }
}

function any<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}
