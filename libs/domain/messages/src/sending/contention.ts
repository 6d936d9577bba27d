import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { Invalidations } from '#caas/platform/cache';

const LOSSES_UNTIL_SAID = 3;
const ROOM_FOR_MS = 1_000;
/** No more is left to others between two inserts. */
const LONGEST_PAUSE_MS = 50;
const MAX_REMEMBERED = 10_000;

interface Room {
  untilMs: number;
  pauseMs: number;
}

/**
 * Several processes that send into one conversation as fast as they can: whoever loses the number three times running says so, and the
 * others leave room between their inserts for a second. So none of them is kept out.
 */
@Injectable()
export class Contention {
  private readonly rooms = new LRUCache<string, Room>({ max: MAX_REMEMBERED });
  private readonly say = this.invalidations.publisher('conversation_head');
  /** By which it knows again what it says itself. */
  private readonly own = randomUUID();

  constructor(private readonly invalidations: Invalidations) {
    invalidations.on('conversation_head', ({ tenantId, id }) => {
      const [conversationId, tookMs, sayer] = id.split(':');
      if (sayer === this.own) return;
      this.rooms.set(`${tenantId}:${conversationId}`, {
        untilMs: performance.now() + ROOM_FOR_MS,
        pauseMs: Math.min(LONGEST_PAUSE_MS, Math.max(1, 2 * Number(tookMs))),
      });
    });
  }

  /**
   * A plain message has lost its number to another process.
   * @param losses how often by now
   * @param tookMs how long it took to try
   */
  lost(ctx: RequestContext, id: ObjectId, losses: number, tookMs: number): void {
    if (losses % LOSSES_UNTIL_SAID === 0) this.askForRoom(ctx, id, tookMs);
  }

  /** At once, for a transaction: it takes longer than an insert, and would lose each time. */
  askForRoom(ctx: RequestContext, id: ObjectId, tookMs: number): void {
    this.say(ctx.tenantId, `${id.toHexString()}:${Math.ceil(tookMs)}:${this.own}`);
  }

  /** How long to leave the conversation to others after an insert; 0 almost always. */
  pauseMs(key: string): number {
    if (this.rooms.size === 0) return 0;
    const room = this.rooms.get(key);
    if (!room) return 0;
    if (performance.now() < room.untilMs) return room.pauseMs;
    this.rooms.delete(key);
    return 0;
  }
}
