/** For so long a connection that is closed is remembered as its client's: what it left behind lives no longer. */
const REMEMBERED_MS = 10_000;

interface Client {
  readonly open: Set<number>;
  closed: { connectionId: number; at: number }[];
}

/**
 * Which connections are one client's: those that come from one address and said the same of their program when they greeted. When
 * the last of them closes the client is gone, and nobody will go on with what it left. Programs that say the same are taken for
 * one, so a server that may run twice on a machine puts its process into its `appName`.
 */
export class Clients {
  private readonly clients = new Map<string, Client>();
  private readonly keys = new Map<number, string>();

  /** @param key the address and what the greeting says of the program */
  greeted(connectionId: number, key: string): void {
    if (this.keys.has(connectionId)) return;
    this.keys.set(connectionId, key);
    const client = this.clients.get(key) ?? { open: new Set(), closed: [] };
    client.open.add(connectionId);
    this.clients.set(key, client);
  }

  /** @returns the connections of the client, this one among them, when it has none left; else nothing */
  closed(connectionId: number): number[] {
    const key = this.keys.get(connectionId);
    const client = key === undefined ? undefined : this.clients.get(key);
    if (key === undefined || !client) return [connectionId];
    this.keys.delete(connectionId);
    client.open.delete(connectionId);
    const now = Date.now();
    client.closed = [...client.closed.filter(({ at }) => now - at < REMEMBERED_MS), { connectionId, at: now }];
    if (client.open.size > 0) return [];
    this.clients.delete(key);
    return client.closed.map((each) => each.connectionId);
  }
}
