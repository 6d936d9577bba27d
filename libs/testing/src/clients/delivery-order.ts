/** The order of what one connection is sent: per conversation, each `rev` once and none after a later one. */
export class DeliveryOrder {
  /** The highest `rev` of each conversation so far. */
  readonly last = new Map<string, number>();
  private readonly seen = new Map<string, Set<number>>();

  /** @returns what is wrong with the event that comes next; null when nothing is */
  next(conversation: string, rev: number): 'doubled' | 'reordered' | null {
    const before = this.last.get(conversation) ?? 0;
    const seen = this.seen.get(conversation) ?? new Set();
    const fault = seen.has(rev) ? 'doubled' : rev < before ? 'reordered' : null;
    this.last.set(conversation, Math.max(rev, before));
    this.seen.set(conversation, seen.add(rev));
    return fault;
  }
}
