import { Injectable } from '@nestjs/common';
import { isTenantId, type TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';

const KEY = 'caas:outbox:dirty';

/** A hint about which tenants have entries in their outbox. Without the hint the rotation finds them later. */
@Injectable()
export class DirtyTenants {
  constructor(private readonly redis: RedisConnections) {}

  async mark(tenantId: TenantId): Promise<void> {
    await this.redis.commands.zadd(KEY, Date.now(), tenantId);
  }

  /** Tenants with their marks, oldest first. */
  async list(limit: number): Promise<{ tenantId: TenantId; markedAt: number }[]> {
    const answer = await this.redis.commands.call('ZRANGE', KEY, 0, limit - 1, 'WITHSCORES');
    // RESP3 returns pairs, RESP2 one flat list.
    const flat = (answer as (string | string[])[]).flat();
    const marks: { tenantId: TenantId; markedAt: number }[] = [];
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const tenantId = flat[at];
      if (isTenantId(tenantId)) marks.push({ tenantId, markedAt: Number(flat[at + 1]) });
    }
    return marks;
  }

  /** The number of tenants with a mark, and when the oldest mark was made. */
  async backlog(): Promise<{ tenants: number; oldestMs: number | null }> {
    const [tenants, [oldest]] = await Promise.all([this.redis.commands.zcard(KEY), this.list(1)]);
    return { tenants, oldestMs: oldest?.markedAt ?? null };
  }

  /** Removes the mark, unless the tenant was marked again since it was read. */
  async clear(tenantId: TenantId, markedAt: number): Promise<void> {
    const current = await this.redis.commands.zscore(KEY, tenantId);
    if (current !== null && Number(current) <= markedAt) await this.redis.commands.zrem(KEY, tenantId);
  }
}
