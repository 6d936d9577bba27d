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

interface ConversationMembership extends Typing {
  /** When others were last told that it started. */
  toldAt: number;
  /** Do others believe it? */
  isTold: boolean;
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
export class TypingState {
  private readonly entries = new Map<string, ConversationMembership>();

  /** @returns `tell`: whether others must hear of it now; if not, they have, or `sweep` says when they must */
  start(typing: Omit<Typing, 'expiresAt'>, socketId: string, now: number): { typing: Typing; tell: boolean } {
    const key = keyOf(typing);
    const known = this.entries.get(key) ?? {
      toldAt: -Infinity,
      isTold: false,
      sockets: new Set<string>(),
      expiresAt: 0,
    };
    const tell = now - known.toldAt >= (known.isTold ? TELL_AGAIN_AFTER_MS : TELL_AT_MOST_EVERY_MS);
    const entry: ConversationMembership = {
      ...typing,
      sockets: known.sockets.add(socketId),
      // What others were told of ends when they were told that it would.
      expiresAt: known.isTold && !tell ? known.expiresAt : now + TYPING_MS,
      toldAt: tell ? now : known.toldAt,
      isTold: tell || known.isTold,
    };
    this.entries.set(key, entry);
    return { typing: entry, tell };
  }

  /** @returns whether others must hear that they type no more */
  stop(typing: Omit<Typing, 'expiresAt'>, socketId: string): boolean {
    const known = this.entries.get(keyOf(typing));
    return known !== undefined && known.sockets.delete(socketId) && hasEnded(known);
  }

  /** A socket has gone. @returns those of whom others must hear that they type no more */
  leave(socketId: string): Typing[] {
    return [...this.entries.values()].filter((entry) => entry.sockets.delete(socketId) && hasEnded(entry));
  }

  /** To be called every second or so. @returns those who began again too soon to be told of then, and whose time is over */
  sweep(now: number): { started: Typing[]; stopped: Typing[] } {
    const [started, stopped]: [Typing[], Typing[]] = [[], []];
    for (const [key, entry] of this.entries) {
      if (entry.expiresAt <= now) entry.sockets.clear();
      if (hasEnded(entry)) stopped.push(entry);
      if (now - entry.toldAt < TELL_AT_MOST_EVERY_MS) continue;
      if (entry.sockets.size === 0) this.entries.delete(key);
      else if (!entry.isTold) {
        Object.assign(entry, { isTold: true, toldAt: now });
        started.push(entry);
      }
    }
    return { started, stopped };
  }
}

/** Nobody types any more, and others still believe it: but once. */
function hasEnded(entry: ConversationMembership): boolean {
  if (entry.sockets.size > 0 || !entry.isTold) return false;
  entry.isTold = false;
  return true;
}

const keyOf = ({ tenantId, conversationId, user }: Omit<Typing, 'expiresAt'>): string =>
  `${tenantId}:${conversationId.toHexString()}:${user.user_id.toHexString()}`;
