import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../../tools/demo/rest-client';
import type { MessageState } from '../support/chat-client/wire';
import type { Crowd, Room } from './crowd';
import type { Acknowledged, Ledger } from './ledger';

const ACTIONS_PER_SECOND = 120;
const INSIST_FOR_MS = 60_000;
const PAUSE_MS = 100;
const PASSING = new Set([429, 500, 503]);
const EMOJIS = ['👍', '🎉', '🙏'];

/** Everybody talks at random until they are told to stop, and then finishes what they have begun. */
export class Traffic {
  private sends = 0;

  constructor(
    private readonly crowd: Crowd,
    private readonly ledger: Ledger,
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
    const body = { client_message_id: `c-${(this.sends += 1)}`, text: `message ${this.sends}` };
    const sent =
      by === 'socket'
        ? await this.insist<MessageState & { replayed?: boolean }>(user, 'message.send', {
            ...body,
            conversation_id: room.id,
          })
        : (await this.rest<MessageState>(user, 'POST', `/v1/conversations/${room.id}/messages`, body))?.body;
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
    const marked = await this.insist(user, 'conversation.read', { conversation_id, seq: newest.seq });
    if (!marked) return;
    this.ledger.marked(conversation_id, user, newest.seq);
    this.ledger.counts.marks += 1;
  }

  private async react(user: string, { id: message_id }: Acknowledged): Promise<void> {
    const message = Math.random() < 0.7 ? 'reaction.add' : 'reaction.remove';
    if (await this.insist(user, message, { message_id, emoji: any(EMOJIS) })) this.ledger.counts.reactions += 1;
  }

  private async edit({ id, sender }: Acknowledged): Promise<void> {
    const text = `edited ${Math.random()}`;
    if (await this.rest(sender, 'PATCH', `/v1/messages/${id}`, { text })) this.ledger.counts.edits += 1;
  }

  /** Goes away for a moment, and comes back at any process. */
  private async reconnect(user: string): Promise<void> {
    const client = this.crowd.clientOf(user);
    client.disconnect();
    await delay(PAUSE_MS);
    await client.connect(this.crowd.urlOf(Math.floor(Math.random() * 2)));
    this.ledger.counts.reconnects += 1;
  }

  private async insist<T>(user: string, message: string, payload: object): Promise<T | null> {
    const deadline = Date.now() + INSIST_FOR_MS;
    let problem = '';
    while (Date.now() < deadline) {
      try {
        const answer = await this.crowd.clientOf(user).request<T>(message, payload);
        if (answer.ok) return answer.data;
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

  private async rest<T>(user: string, method: string, path: string, body: object): Promise<Answer<T> | null> {
    const { tenant } = this.crowd;
    try {
      const answer = await tenant.rest.call<T>(method, path, { ...(await tenant.as(user, 'token')), body });
      if (answer.status < 300) return answer;
      this.ledger.refusals.push(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    } catch (error) {
      this.ledger.refusals.push((error as Error).message);
    }
    return null;
  }
}

function any<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}
