import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { isObjectIdHex, isTenantId, type TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';

const KEY = 'caas:scheduled:due';

export interface ScheduledHint {
  tenantId: TenantId;
  id: ObjectId;
}

/** When scheduled messages are due. It is only a hint: without it the rotation finds them, but later. */
@Injectable()
export class ScheduledDueIndex {
  constructor(private readonly redis: RedisConnections) {}

  /** Never fails. @param at when to check it next; null when nothing is left to do */
  async set({ tenantId, id }: ScheduledHint, at: Date | null): Promise<void> {
    const member = `${tenantId}:${id.toHexString()}`;
    const { commands } = this.redis;
    const written = at === null ? commands.zrem(KEY, member) : commands.zadd(KEY, at.getTime(), member);
    // Redis is away. The rotation makes up for the lost hint.
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
