import type { UserReference } from '#caas/kernel';
import type { OpenSocket } from '#caas/platform/realtime';

/** A user who reconnects within this time was never gone, so a short interruption is not published. */
export const GRACE_MS = 5_000;

export interface LocalUser {
  user: UserReference;
  isHere: boolean;
}

interface Known {
  user: UserReference;
  sockets: Set<string>;
  /** Whether the user's row says that they are connected. */
  isWritten: boolean;
  /** When a user without a socket counts as gone. Milliseconds since 1970. */
  goneAt: number;
}

/** The users of one tenant with sockets at this process, and which of their rows must still be written. */
export class ConnectedUsers {
  private readonly users = new Map<string, Known>();
  /** Ids of users who are connected but not written, or written but without a socket. */
  private readonly unsettled = new Set<string>();

  get isEmpty(): boolean {
    return this.users.size === 0;
  }

  get writtenCount(): number {
    let count = 0;
    for (const { isWritten } of this.users.values()) if (isWritten) count += 1;
    return count;
  }

  connected({ id, user }: OpenSocket): void {
    const key = user.user_id.toHexString();
    const known: Known = this.users.get(key) ?? { user, sockets: new Set(), isWritten: false, goneAt: 0 };
    known.user = user;
    known.sockets.add(id);
    this.users.set(key, known);
    if (!known.isWritten) this.unsettled.add(key);
  }

  disconnected({ id, user }: OpenSocket, now: number): void {
    const key = user.user_id.toHexString();
    const known = this.users.get(key);
    if (!known?.sockets.delete(id) || known.sockets.size > 0) return;
    known.goneAt = now + GRACE_MS;
    this.unsettled.add(key);
  }

  hasDue(now: number): boolean {
    return this.due(now, 1).length > 0;
  }

  /** The users whose rows must be written by now. */
  due(now: number, limit: number): LocalUser[] {
    const due: LocalUser[] = [];
    for (const key of this.unsettled) {
      if (due.length === limit) break;
      const { user, sockets, isWritten, goneAt } = this.users.get(key)!;
      const isHere = sockets.size > 0;
      if (isHere && isWritten) this.unsettled.delete(key);
      else if (isHere || goneAt <= now) due.push({ user, isHere });
    }
    return due;
  }

  /** Call it when due changes are written. Users who came or left during the write are due again. */
  written(due: LocalUser[]): void {
    for (const { user, isHere } of due) {
      const key = user.user_id.toHexString();
      const known = this.users.get(key)!;
      known.isWritten = isHere;
      if (known.sockets.size > 0 !== isHere) continue;
      this.unsettled.delete(key);
      if (!isHere) this.users.delete(key);
    }
  }

  /** Call it when another process has taken the rows of this process for lost ones. */
  writeAgain(): void {
    for (const [key, user] of this.users) {
      user.isWritten = false;
      this.unsettled.add(key);
    }
  }
}
