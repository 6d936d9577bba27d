import type { ObjectId } from 'bson';
import type { TenantId, UserReference } from '#caas/kernel';

/** A user is typing, as far as this process knows. */
export interface Typing {
  tenantId: TenantId;
  conversationId: ObjectId;
  user: UserReference;
  /** Milliseconds since 1970, like all times here. */
  expiresAt: number;
}

interface ConversationMembership extends Typing {
  /** When the start was last published. */
  toldAt: number;
  /** Whether others still show the user as typing. */
  isTold: boolean;
  /** The sockets that are typing. Typing stops with the last of them. */
  sockets: Set<string>;
}

/** How long a user counts as typing after the last signal. */
export const TYPING_MS = 10_000;
/** A client may signal with each key pressed; we publish at this interval. */
export const TELL_AGAIN_AFTER_MS = 4_000;
/** The most often that quick stops and starts are published. */
export const TELL_AT_MOST_EVERY_MS = 1_000;

/** The users who are typing at this process's sockets, and which changes must be published. */
export class TypingState {
  private readonly entries = new Map<string, ConversationMembership>();

  /** @returns `tell`: whether to publish now. If not, others know already, or `sweep` returns it when it is time */
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
      // Others end the indicator at the time that was published.
      expiresAt: known.isTold && !tell ? known.expiresAt : now + TYPING_MS,
      toldAt: tell ? now : known.toldAt,
      isTold: tell || known.isTold,
    };
    this.entries.set(key, entry);
    return { typing: entry, tell };
  }

  /** @returns whether to publish that the user stopped typing */
  stop(typing: Omit<Typing, 'expiresAt'>, socketId: string): boolean {
    const known = this.entries.get(keyOf(typing));
    return known !== undefined && known.sockets.delete(socketId) && hasEnded(known);
  }

  /** Call it when a socket has closed. @returns the indicators whose end must be published */
  leave(socketId: string): Typing[] {
    return [...this.entries.values()].filter((entry) => entry.sockets.delete(socketId) && hasEnded(entry));
  }

  /**
   * Call it about every second.
   * @returns what to publish: indicators whose start was too soon after the last publication, and indicators that have expired
   */
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

/** No socket types any more and others still show it. True only once. */
function hasEnded(entry: ConversationMembership): boolean {
  if (entry.sockets.size > 0 || !entry.isTold) return false;
  entry.isTold = false;
  return true;
}

const keyOf = ({ tenantId, conversationId, user }: Omit<Typing, 'expiresAt'>): string =>
  `${tenantId}:${conversationId.toHexString()}:${user.user_id.toHexString()}`;
