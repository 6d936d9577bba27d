import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { isObjectIdHex, isTenantId, type TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';

const KEY = 'caas:scheduled:due';

export interface ScheduledHint {
  tenantId: TenantId;
  id: ObjectId;
}

/** A hint, and no more: what is to be sent when. Without it the rotation finds it, only later. */
@Injectable()
export class ScheduledDueIndex {
  constructor(private readonly redis: RedisConnections) {}

  /** Never fails. @param at when to look at it; null when there is nothing more to do */
  async set({ tenantId, id }: ScheduledHint, at: Date | null): Promise<void> {
    const member = `${tenantId}:${id.toHexString()}`;
    const { commands } = this.redis;
    const written = at === null ? commands.zrem(KEY, member) : commands.zadd(KEY, at.getTime(), member);
    // Away: the rotation makes up for it.
    await written.catch(() => undefined);
  }

  /** Earliest first. */
  async due(now: Date, limit: number): Promise<ScheduledHint[]> {
    const members = await this.redis.commands.zrangebyscore(KEY, '-inf', now.getTime(), 'LIMIT', 0, limit);
    return members.flatMap((member) => {
      const [tenantId, id] = member.split(':');
      return isTenantId(tenantId) && isObjectIdHex(id) ? [{ tenantId, id: new ObjectId(id) }] : [];
    });
  }
}
