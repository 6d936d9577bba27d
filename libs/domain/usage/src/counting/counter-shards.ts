/** More than the usual number of concurrent writers; few enough to be summed at every read. */
const SHARDS = 64;

/** The slot for writers that must be serialized across all processes. */
export const SHARED_SLOT = 0;

/**
 * Chooses a slot of a counter that no other writer of this process uses now. Each process uses its own order of slots. After two
 * processes conflict on a slot, one of them moves it to another place in its order.
 */
export class CounterShards {
  private readonly order: number[];
  /** Used slots, by counter. */
  private readonly taken = new Map<string, Set<number>>();

  /** @param random returns a number in [0, 1) */
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

  /** Moves a slot that another process uses too to a random place in the order. */
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
