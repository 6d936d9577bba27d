import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { limitsSettings, Settings } from '#caas/domain/settings';
import { CaasError, newRequestId, type TenantId } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import type { ConnectionQuotaPort, SocketPrincipal } from '#caas/platform/realtime';
import { limitOf, quotaExceeded } from '../quotas/quotas';
import { QuotaWarnings } from '../quotas/quota-warnings';
import { ConnectionCounts, type SocketClaim } from './connection-counts';

/** One tenant's sockets on this process. */
interface OwnSockets {
  count: number;
  ofUsers: Map<string, number>;
}

/**
 * Counts this process's sockets by tenant and user, and checks the limits for a new one. While Redis is unavailable, each process uses
 * only its own counts, so the limits apply per process.
 */
@Injectable()
export class ConnectionQuota implements ConnectionQuotaPort, OnModuleInit, BeforeApplicationShutdown {
  private readonly own = new Map<TenantId, OwnSockets>();
  /** Users by tenant whose count changed in this turn of the event loop, or could not be written. */
  private readonly changed = new Map<TenantId, Set<string>>();
  private renewal: NodeJS.Timeout | null = null;
  private isPublishing = false;

  constructor(
    private readonly counts: ConnectionCounts,
    private readonly warnings: QuotaWarnings,
    private readonly settings: Settings,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.renewal = setInterval(() => {
      for (const tenantId of this.own.keys()) this.usersChangedOf(tenantId);
      this.publish();
    }, this.counts.renewEveryMs);
    this.renewal.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.renewal) clearInterval(this.renewal);
    await Promise.all([...this.own.keys()].map((tenantId) => this.attempt(tenantId, this.counts.keep(tenantId, 0))));
  }

  /** @throws CaasError `too_many_connections` (429) for the user, `quota_exceeded` (402) for the tenant */
  async take(principal: SocketPrincipal): Promise<() => void> {
    const ctx = await principal.context(newRequestId());
    const { tenantId } = ctx;
    const userId = principal.user.user_id.toHexString();
    const limit = limitOf(ctx.tenant, 'connections');
    const { user_sockets: userLimit } = await this.settings.of(ctx, limitsSettings);
    this.change(tenantId, userId, 1);
    const { count: own, ofUsers } = this.own.get(tenantId)!;
    const { total, exceeded } = await this.write({
      tenantId,
      userId,
      own,
      ownOfUser: ofUsers.get(userId)!,
      limit,
      userLimit,
    });
    if (exceeded !== null) {
      this.change(tenantId, userId, -1);
      throw exceeded === 'user' ? tooManySockets(userLimit) : quotaExceeded('connections', limit!);
    }
    this.warnings.consider(ctx, 'connections', total, () => Promise.resolve(total));
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.change(tenantId, userId, -1);
      this.publishSoon(tenantId, userId);
    };
  }

  private change(tenantId: TenantId, userId: string, by: number): void {
    const own = this.own.get(tenantId) ?? { count: 0, ofUsers: new Map<string, number>() };
    own.count += by;
    const ofUser = (own.ofUsers.get(userId) ?? 0) + by;
    if (ofUser === 0) own.ofUsers.delete(userId);
    else own.ofUsers.set(userId, ofUser);
    if (own.count === 0) this.own.delete(tenantId);
    else this.own.set(tenantId, own);
  }

  /** Writes once for all sockets that close in the same turn of the event loop. */
  private publishSoon(tenantId: TenantId, userId: string): void {
    this.usersChangedOf(tenantId).add(userId);
    if (this.isPublishing) return;
    this.isPublishing = true;
    setImmediate(() => this.publish());
  }

  private usersChangedOf(tenantId: TenantId): Set<string> {
    const users = this.changed.get(tenantId) ?? new Set();
    this.changed.set(tenantId, users);
    return users;
  }

  private publish(): void {
    this.isPublishing = false;
    const changed = [...this.changed];
    this.changed.clear();
    for (const [tenantId, users] of changed) {
      const own = this.own.get(tenantId);
      void this.attempt(tenantId, this.counts.keep(tenantId, own?.count ?? 0));
      for (const userId of users) {
        const write = this.counts.keepOfUser(tenantId, userId, own?.ofUsers.get(userId) ?? 0);
        // On failure, try again at the next heartbeat: a count that stays too high would refuse the user's sockets.
        void this.attempt(tenantId, write).then((isWritten) => isWritten || this.usersChangedOf(tenantId).add(userId));
      }
    }
  }

  private async write(claim: SocketClaim): Promise<{ total: number; exceeded: 'tenant' | 'user' | null }> {
    const written = this.counts.take(claim);
    if (await this.attempt(claim.tenantId, written)) return written;
    const { own, ownOfUser, limit, userLimit } = claim;
    const exceeded = ownOfUser > userLimit ? 'user' : limit !== null && own > limit ? 'tenant' : null;
    return { total: own, exceeded };
  }

  /** @returns false when Redis is unavailable */
  private async attempt(tenantId: TenantId, writing: Promise<unknown>): Promise<boolean> {
    try {
      await writing;
      return true;
    } catch (error) {
      this.log.root.debug(
        { tenant_id: tenantId, reason: (error as Error).message },
        'connections are counted here only',
      );
      return false;
    }
  }
}

const tooManySockets = (limit: number): CaasError =>
  new CaasError(
    'too_many',
    'too_many_connections',
    `You may have up to ${limit} sockets connected at once. Close one first.`,
  );
