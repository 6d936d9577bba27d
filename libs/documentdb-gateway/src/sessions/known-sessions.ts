/** MongoDB keeps a million; a client that never reuses its sessions must not fill the memory here. */
const MOST_SESSIONS = 100_000;
const SESSION_LIFETIME_MS = 30 * 60_000;

/** The client sessions that commands came with, for those who ask the server about them. In the order of their last use. */
export class KnownSessions {
  private readonly usedAt = new Map<string, number>();

  used(lsid: string): void {
    this.usedAt.delete(lsid);
    this.usedAt.set(lsid, Date.now());
    if (this.usedAt.size > MOST_SESSIONS) this.usedAt.delete(this.usedAt.keys().next().value!);
  }

  ended(lsid: string): void {
    this.usedAt.delete(lsid);
  }

  /** @returns raw session ids and when each was last used, in milliseconds */
  list(now = Date.now()): [lsid: string, usedAt: number][] {
    return [...this.usedAt].filter(([, usedAt]) => now - usedAt <= SESSION_LIFETIME_MS);
  }
}
