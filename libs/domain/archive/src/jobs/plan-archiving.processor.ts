import { Injectable } from '@nestjs/common';
import { archiveMessages, planArchiving, scrubArchive } from '#caas/contracts';
import { Clock, newRequestId, type TenantId } from '#caas/kernel';
import { Handles, Queues, type SystemJobHandler } from '#caas/platform/queue';
import { RedisConnections } from '#caas/platform/redis';
import { TenantDirectory } from '#caas/tenancy';
import { turnBetween } from './schedule';

const KEY = 'caas:archive:planned-until';
const TENANTS_AT_ONCE = 500;
const DAY_MS = 24 * 60 * 60_000;

/**
 * Enqueues each tenant's nightly archiving when its slot comes, and its scrub once a week. Redis stores the time up to which slots have
 * been planned. If that is lost, recent slots are planned again and find nothing to do.
 */
@Injectable()
@Handles(planArchiving)
export class PlanArchivingProcessor implements SystemJobHandler {
  constructor(
    private readonly tenants: TenantDirectory,
    private readonly queues: Queues,
    private readonly redis: RedisConnections,
    private readonly clock: Clock,
  ) {}

  async handle(): Promise<string | null> {
    const nowMs = this.clock.now().getTime();
    const known = Number((await this.redis.commands.get(KEY)) ?? nowMs - planArchiving.everyMs);
    const afterMs = Math.min(nowMs, Math.max(known, nowMs - DAY_MS));
    let planned = 0;
    for (let last: TenantId | null = null; ;) {
      const some = await this.tenants.list(last, TENANTS_AT_ONCE);
      for (const { id } of some) if (await this.plan(id, afterMs, nowMs)) planned += 1;
      if (some.length < TENANTS_AT_ONCE) break;
      last = some.at(-1)!.id;
    }
    await this.redis.commands.set(KEY, nowMs);
    return planned === 0 ? null : `the turn of ${planned} tenants has come`;
  }

  private async plan(tenantId: TenantId, afterMs: number, nowMs: number): Promise<boolean> {
    const turn = turnBetween(tenantId, afterMs, nowMs);
    if (!turn) return false;
    const meta = { tenantId, requestId: newRequestId() };
    await this.queues.add(archiveMessages, { after: null }, meta);
    if (turn.isWeekly) await this.queues.add(scrubArchive, { after: null }, meta);
    return true;
  }
}
