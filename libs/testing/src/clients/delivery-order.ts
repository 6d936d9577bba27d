import type { Envelope, Position } from './wire';

type Fault = 'doubled' | 'reordered';

/** Numbers that come one after the other, each once. */
class Ascending {
  highest = 0;
  private readonly seen = new Set<number>();

  next(number: number): Fault | null {
    const fault = this.seen.has(number) ? 'doubled' : number < this.highest ? 'reordered' : null;
    this.highest = Math.max(number, this.highest);
    this.seen.add(number);
    return fault;
  }
}

class Conversation {
  readonly messages = new Ascending();
  readonly changes = new Ascending();
  /** The `seq` of messages that a change was told of. */
  readonly changed = new Set<number>();

  get last(): Position {
    return { seq: this.messages.highest, rev: this.changes.highest };
  }
}

/**
 * The order of what one connection is sent, per conversation: each message once and none after a later one, each change once and
 * none after a later one, and no change of a message before the message. Gaps are no fault: a client asks `sync` then.
 */
export class DeliveryOrder {
  private readonly conversations = new Map<string, Conversation>();

  /** The highest numbers of each conversation so far. */
  get last(): Map<string, Position> {
    return new Map([...this.conversations].map(([id, { last }]) => [id, last]));
  }

  lastOf(conversation: string): Position {
    return this.of(conversation).last;
  }

  /** @returns what is wrong with the event that comes next; null when nothing is */
  next(conversation: string, { seq, rev }: Pick<Envelope, 'seq' | 'rev'>): Fault | null {
    if (seq === undefined && rev === undefined) return null;
    const { messages, changes, changed } = this.of(conversation);
    if (rev !== undefined) {
      if (seq !== undefined) changed.add(seq);
      return changes.next(rev);
    }
    return messages.next(seq!) ?? (changed.has(seq!) ? 'reordered' : null);
  }

  private of(id: string): Conversation {
    const known = this.conversations.get(id) ?? new Conversation();
    this.conversations.set(id, known);
    return known;
  }
}
