/** A message as it was acknowledged. */
export interface Acknowledged {
  room: string;
  id: string;
  seq: number;
  sender: string;
  clientMessageId: string;
}

/** What the system has promised, by its answers alone: what it is then held to. */
export class Ledger {
  readonly acknowledged: Acknowledged[] = [];
  /** Things it should never have answered, or not answered in time. */
  readonly refusals: string[] = [];
  readonly counts = { overSocket: 0, overRest: 0, replayed: 0, edits: 0, reactions: 0, marks: 0, reconnects: 0 };
  private readonly read = new Map<string, number>();

  sent(message: Acknowledged): void {
    this.acknowledged.push(message);
    // Who writes has read.
    this.marked(message.room, message.sender, message.seq);
  }

  marked(room: string, user: string, seq: number): void {
    const key = `${room} ${user}`;
    this.read.set(key, Math.max(seq, this.read.get(key) ?? 0));
  }

  readUpTo(room: string, user: string): number {
    return this.read.get(`${room} ${user}`) ?? 0;
  }
}
