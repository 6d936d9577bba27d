import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import type { SocketPlaces, SocketPrincipal } from '#caas/platform/realtime';
import { newRequestId } from '#caas/kernel';
import { limitOf, quotaExceeded } from '../quotas/quotas';
import { QuotaWarnings } from '../quotas/quota-warnings';
import { ConnectionCounts } from './connection-counts';

/**
 * The sockets of this process, by tenant, and whether one more may come. While Redis is away each process goes by its own
 * number alone: the limit then holds for each.
 */
@Injectable()
export class ConnectionQuota implements SocketPlaces, OnModuleInit, BeforeApplicationShutdown {
  private readonly own = new Map<TenantId, number>();
  /** Whose number changed in this turn. */
  private readonly changed = new Set<TenantId>();
  private renewal: NodeJS.Timeout | null = null;

  constructor(
    private readonly counts: ConnectionCounts,
    private readonly warnings: QuotaWarnings,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.renewal = setInterval(() => {
      for (const tenantId of this.own.keys()) this.publish(tenantId);
    }, this.counts.renewEveryMs);
    this.renewal.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.renewal) clearInterval(this.renewal);
    await Promise.all([...this.own.keys()].map((tenantId) => this.write(tenantId, 0, null)));
  }

  async take(principal: SocketPrincipal): Promise<() => void> {
    const ctx = await principal.context(newRequestId());
    const { tenantId } = ctx;
    const limit = limitOf(ctx.tenant, 'connections');
    this.change(tenantId, 1);
    const own = this.own.get(tenantId)!;
    const { total, fits } = await this.write(tenantId, own, limit);
    if (!fits) {
      this.change(tenantId, -1);
      throw quotaExceeded('connections', limit!);
    }
    this.warnings.consider(ctx, 'connections', total, () => Promise.resolve(total));
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.change(tenantId, -1);
      this.publishSoon(tenantId);
    };
  }

  private change(tenantId: TenantId, by: number): void {
    const own = (this.own.get(tenantId) ?? 0) + by;
    if (own === 0) this.own.delete(tenantId);
    else this.own.set(tenantId, own);
  }

  /** Once for all that go in one turn. */
  private publishSoon(tenantId: TenantId): void {
    if (this.changed.size === 0) {
      setImmediate(() => {
        for (const each of this.changed) this.publish(each);
        this.changed.clear();
      });
    }
    this.changed.add(tenantId);
  }

  private publish(tenantId: TenantId): void {
    void this.write(tenantId, this.own.get(tenantId) ?? 0, null);
  }

  private async write(
    tenantId: TenantId,
    own: number,
    limit: number | null,
  ): Promise<{ total: number; fits: boolean }> {
    try {
      return await this.counts.write(tenantId, own, limit);
    } catch (error) {
      this.log.root.debug(
        { tenant_id: tenantId, reason: (error as Error).message },
        'connections are counted here only',
      );
      return { total: own, fits: limit === null || own <= limit };
    }
  }
}
