import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { Invalidations } from '#caas/platform/cache';

const LOSSES_UNTIL_SAID = 3;
const ROOM_FOR_MS = 1_000;
/** The longest pause that a process makes between two inserts. */
const LONGEST_PAUSE_MS = 50;
const MAX_REMEMBERED = 10_000;

interface Room {
  untilMs: number;
  pauseMs: number;
}

/**
 * Shares a conversation between processes that send into it as fast as they can. A process that loses the `seq` three times in a
 * row publishes it, and the others pause between their inserts for a second. So no process is locked out.
 */
@Injectable()
export class Contention {
  private readonly rooms = new LRUCache<string, Room>({ max: MAX_REMEMBERED });
  private readonly say = this.invalidations.publisher('conversation_head');
  /** Recognizes this process's own messages. */
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
   * Another process took the `seq` of a plain message.
   * @param losses how many in a row so far
   * @param tookMs how long the attempt took
   */
  lost(ctx: RequestContext, id: ObjectId, losses: number, tookMs: number): void {
    if (losses % LOSSES_UNTIL_SAID === 0) this.askForRoom(ctx, id, tookMs);
  }

  /** A transaction asks at its first loss: it takes longer than an insert and would lose every time. */
  askForRoom(ctx: RequestContext, id: ObjectId, tookMs: number): void {
    this.say(ctx.tenantId, `${id.toHexString()}:${Math.ceil(tookMs)}:${this.own}`);
  }

  /** How long to pause after an insert into the conversation; almost always 0. */
  pauseMs(key: string): number {
    if (this.rooms.size === 0) return 0;
    const room = this.rooms.get(key);
    if (!room) return 0;
    if (performance.now() < room.untilMs) return room.pauseMs;
    this.rooms.delete(key);
    return 0;
  }
}
