import { allOf, type Get } from '../clients/fresh-state';
import type { MessageState } from '../clients/wire';
import { checkHistory, type AcknowledgedSend, type HistoryFaults } from './check-history';

/** What clients were acknowledged: what the system is then held to, whatever was killed or away meanwhile. */
export class History {
  /** In the order in which the acknowledgements came. */
  readonly acknowledged: AcknowledgedSend[] = [];
  /** By room. */
  private readonly counts = new Map<string, number>();
  /** By room, sender and `client_message_id`. */
  private readonly begun = new Map<string, number>();

  /**
   * Call it before an attempt to send. Of several with one `client_message_id`, the message may be stored since the first.
   * @returns what to call with the message that is acknowledged; a send that is never acknowledged may be stored or not
   */
  begin(room: string, sender: string, clientMessageId: string): (message: { id: string; seq: number }) => void {
    const key = JSON.stringify([room, sender, clientMessageId]);
    const begunAfter = this.begun.get(key) ?? this.countOf(room);
    this.begun.set(key, begunAfter);
    return ({ id, seq }) => {
      this.acknowledged.push({ room, id, seq, sender, clientMessageId, begunAfter });
      this.counts.set(room, this.countOf(room) + 1);
    };
  }

  /** Reads every room that was sent into. @param get of a user who may read all of them from the first message on */
  async check(get: Get): Promise<HistoryFaults> {
    const readable: MessageState[] = [];
    for (const room of this.counts.keys()) readable.push(...(await readMessages(get, room)));
    return checkHistory(this.acknowledged, readable);
  }

  private countOf(room: string): number {
    return this.counts.get(room) ?? 0;
  }
}

/** All messages of a conversation, in the order of its pages, oldest first. */
export const readMessages = (get: Get, room: string): Promise<MessageState[]> =>
  allOf<MessageState>(get, `/v1/conversations/${room}/messages?direction=forward&`);
