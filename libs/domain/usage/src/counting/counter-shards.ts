/** More than writers meet at once; few enough to be added up at every read. */
const SHARDS = 64;

/** For whoever must count one after the other, all processes together. */
export const SHARED_SLOT = 0;

/**
 * Which slot of a counter a writer of this process takes: one that no other of the process has now. Other processes go through
 * the slots in another order; where two of them meet even so, one goes elsewhere from then on.
 */
export class CounterShards {
  private readonly order: number[];
  /** By counter. */
  private readonly taken = new Map<string, Set<number>>();

  /** @param random from 0 up to 1 */
  constructor(private readonly random: () => number = Math.random) {
    this.order = Array.from({ length: SHARDS }, (_, at) => SHARED_SLOT + 1 + at);
    for (let at = SHARDS - 1; at > 0; at -= 1) this.swap(at, Math.floor(random() * (at + 1)));
  }

  take(key: string): number {
    const taken = this.taken.get(key) ?? new Set();
    this.taken.set(key, taken);
    const slot = this.order.find((each) => !taken.has(each)) ?? this.order[this.anywhere()]!;
    taken.add(slot);
    return slot;
  }

  release(key: string, slot: number): void {
    const taken = this.taken.get(key);
    taken?.delete(slot);
    if (taken?.size === 0) this.taken.delete(key);
  }

  /** Another process uses it too. */
  avoid(slot: number): void {
    this.swap(this.order.indexOf(slot), this.anywhere());
  }

  private anywhere(): number {
    return Math.floor(this.random() * SHARDS);
  }

  private swap(a: number, b: number): void {
    [this.order[a], this.order[b]] = [this.order[b]!, this.order[a]!];
  }
}
