/** A connection that can be closed to make room for another. */
export interface Evictable {
  evict(): void;
}

/**
 * Unauthenticated connections, with a limit per address and a limit in all. When the total is reached, the address with the most
 * connections loses its oldest, so no number of connections from one address keeps other clients out.
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

  /** @returns a function that removes the connection; it may be called more than once */
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
