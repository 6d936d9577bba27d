import type { ObjectId } from 'bson';
import type { TenantId, UserReference } from '#caas/kernel';

/** Somebody types, as far as this process knows. */
export interface Typing {
  tenantId: TenantId;
  conversationId: ObjectId;
  user: UserReference;
  /** Milliseconds since 1970, as all times here. */
  expiresAt: number;
}

interface Entry extends Typing {
  /** When others were last told that it started. */
  toldAt: number;
  /** The sockets that type: it stops with the last of them. */
  sockets: Set<string>;
}

/** How long somebody counts as typing after they last said so. */
export const TYPING_MS = 10_000;
/** A client may say so with each key pressed; others hear of it this often. */
export const TELL_AGAIN_AFTER_MS = 4_000;
/** Whoever stops and starts in quick turns is heard of at this rate. */
export const TELL_AT_MOST_EVERY_MS = 1_000;

/** Who types, of all those with a socket at this process, and what of it is worth telling. */
export class TypingBoard {
  private readonly entries = new Map<string, Entry>();

  /** @returns `tell`: whether others must hear of it */
  start(typing: Omit<Typing, 'expiresAt'>, socketId: string, now: number): { typing: Typing; tell: boolean } {
    const key = keyOf(typing);
    const known = this.entries.get(key);
    const isOn = known !== undefined && known.sockets.size > 0;
    const tell = !known || now - known.toldAt >= (isOn ? TELL_AGAIN_AFTER_MS : TELL_AT_MOST_EVERY_MS);
    const sockets = known?.sockets ?? new Set<string>();
    if (tell || isOn) sockets.add(socketId);
    // What is not told does not last longer than what was.
    const expiresAt = tell || !known ? now + TYPING_MS : known.expiresAt;
    this.entries.set(key, { ...typing, expiresAt, toldAt: tell ? now : (known?.toldAt ?? now), sockets });
    return { typing: { ...typing, expiresAt }, tell };
  }

  /** @returns whether they were typing, and others must hear that they are not */
  stop(typing: Omit<Typing, 'expiresAt'>, socketId: string): boolean {
    const known = this.entries.get(keyOf(typing));
    if (!known?.sockets.delete(socketId)) return false;
    return known.sockets.size === 0;
  }

  /** A socket has gone. @returns those who type no more */
  leave(socketId: string): Typing[] {
    return [...this.entries.values()].filter(({ sockets }) => sockets.delete(socketId) && sockets.size === 0);
  }

  /** @returns those whose time is over */
  expire(now: number): Typing[] {
    const over: Typing[] = [];
    for (const [key, entry] of this.entries) {
      if (entry.sockets.size > 0 && entry.expiresAt <= now) {
        entry.sockets.clear();
        over.push(entry);
      }
      // Until then it is remembered how lately others were told.
      if (entry.sockets.size === 0 && now - entry.toldAt >= TELL_AT_MOST_EVERY_MS) this.entries.delete(key);
    }
    return over;
  }
}

const keyOf = ({ tenantId, conversationId, user }: Omit<Typing, 'expiresAt'>): string =>
  `${tenantId}:${conversationId.toHexString()}:${user.user_id.toHexString()}`;
