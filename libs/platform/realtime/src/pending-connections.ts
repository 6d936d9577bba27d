/** What is closed to make room. */
export interface Evictable {
  evict(): void;
}

/**
 * Connections of clients that are not known yet, so many of one address and so many in all. When the latter are too many, the
 * address with the most loses its oldest: no number of connections of one address keeps the others out.
 */
export class PendingConnections {
  private readonly byAddress = new Map<string, Set<Evictable>>();
  private total = 0;

  constructor(
    private readonly mostOfAnAddress: number,
    private readonly mostInAll: number,
  ) {}

  get count(): number {
    return this.total;
  }

  isFull(address: string): boolean {
    return (this.byAddress.get(address)?.size ?? 0) >= this.mostOfAnAddress;
  }

  /** @returns what takes it out again; it may be called more than once */
  add(address: string, connection: Evictable): () => void {
    if (this.total >= this.mostInAll) this.evictOne();
    const ofAddress = this.byAddress.get(address) ?? new Set();
    this.byAddress.set(address, ofAddress.add(connection));
    this.total += 1;
    return () => this.remove(address, connection);
  }

  private remove(address: string, connection: Evictable): void {
    const ofAddress = this.byAddress.get(address);
    if (!ofAddress?.delete(connection)) return;
    this.total -= 1;
    if (ofAddress.size === 0) this.byAddress.delete(address);
  }

  private evictOne(): void {
    let [most, address]: [Set<Evictable> | null, string] = [null, ''];
    for (const [each, connections] of this.byAddress) {
      if (connections.size > (most?.size ?? 0)) [most, address] = [connections, each];
    }
    const [oldest] = most ?? [];
    if (!oldest) return;
    this.remove(address, oldest);
    oldest.evict();
  }
}
