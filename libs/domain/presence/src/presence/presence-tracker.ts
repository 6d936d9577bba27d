import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CaasError, newRequestId, type RequestContext, type TenantId } from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import { SingleFlight } from '#caas/platform/concurrency';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { Log } from '#caas/platform/logging';
import { SocketObservers, type OpenSocket, type SocketObserver } from '#caas/platform/realtime';
import { RequestContexts } from '#caas/tenancy';
import { ConnectedUsers, type LocalUser } from './connected-users';
import { PresenceNotifier } from './presence-notifier';
import { PresenceRepository } from './presence-repository';
import { presenceConfig } from './presence.config';
import { presenceSettings } from './presence.settings';

/** Users who connect and disconnect within this time are written together. */
const WRITE_EVERY_MS = 500;
/** For one tenant in one round. */
const USERS_AT_ONCE = 100;
const SIGNS_OF_LIFE_PER_TIMEOUT = 3;

/**
 * Keeps `presence` in line with the sockets of this process. Connects and disconnects are written in rounds, and a user who
 * reconnects within some seconds, here or at another process, was never gone. A living process renews its rows. When a process
 * dies, whichever process notices publishes its users as gone, at the latest one and a third of `PRESENCE_TIMEOUT` after its end.
 */
@Injectable()
export class PresenceTracker implements OnModuleInit, BeforeApplicationShutdown, SocketObserver {
  private readonly tenants = new Map<TenantId, ConnectedUsers>();
  private readonly timers: NodeJS.Timeout[] = [];
  /** Running rounds, by kind and tenant: a round starts only after the one before it has ended. */
  private readonly rounds = new SingleFlight<void>();

  constructor(
    @InjectConfig(presenceConfig) private readonly config: ConfigOf<typeof presenceConfig>,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
    private readonly rows: PresenceRepository,
    private readonly notifier: PresenceNotifier,
    private readonly observers: SocketObservers,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.observers.add(this);
    this.every(WRITE_EVERY_MS, 'write', (ctx, users) => this.write(ctx, users));
    this.every(this.config.PRESENCE_TIMEOUT / SIGNS_OF_LIFE_PER_TIMEOUT, 'renew', (ctx, users) =>
      this.renew(ctx, users),
    );
  }

  /** Other processes take over the users: see `handOver`. */
  async beforeApplicationShutdown(): Promise<void> {
    this.timers.splice(0).forEach(clearInterval);
    await this.rounds.ended();
    await Promise.all([...this.tenants.keys()].map((id) => this.round('end', id, (ctx) => this.rows.handOver(ctx))));
  }

  connected(socket: OpenSocket): void {
    const users = this.tenants.get(socket.tenantId) ?? new ConnectedUsers();
    this.tenants.set(socket.tenantId, users);
    users.connected(socket);
  }

  disconnected(socket: OpenSocket): void {
    this.tenants.get(socket.tenantId)?.disconnected(socket, Date.now());
  }

  private async write(ctx: RequestContext, users: ConnectedUsers): Promise<void> {
    const { enabled: isOn } = await this.settings.of(ctx, presenceSettings);
    for (let due = users.due(Date.now(), USERS_AT_ONCE); due.length > 0; due = users.due(Date.now(), USERS_AT_ONCE)) {
      if (isOn) await this.writeDown(ctx, due);
      users.written(due);
    }
  }

  private async writeDown(ctx: RequestContext, due: LocalUser[]): Promise<void> {
    const [here, gone] = [due.filter(({ isHere }) => isHere), due.filter(({ isHere }) => !isHere)];
    const everyone = due.map(({ user }) => user);
    const ids = everyone.map(({ user_id }) => user_id);
    const before = await this.rows.of(ctx, ids);
    await this.rows.arrive(
      ctx,
      here.map(({ user }) => ({ user, known: before.get(user.user_id.toHexString()) ?? [] })),
    );
    await this.rows.leave(
      ctx,
      gone.map(({ user }) => user),
    );
    // Read the rows again instead of computing the result: when a user leaves two processes at once, one of them must see that
    // nobody is left.
    await this.notifier.tellChanges(ctx, everyone, before, await this.rows.of(ctx, ids));
  }

  private async renew(ctx: RequestContext, users: ConnectedUsers): Promise<void> {
    if (!(await this.settings.of(ctx, presenceSettings)).enabled) return;
    const expected = users.writtenCount;
    if ((await this.rows.renew(ctx)) < expected) users.writeAgain();
    const lost = await this.rows.takeLost(ctx);
    if (lost.length === 0) return;
    const rows = await this.rows.of(
      ctx,
      lost.map(({ user_id }) => user_id),
    );
    await this.notifier.tellGone(ctx, lost, rows);
  }

  private every(
    periodMs: number,
    kind: string,
    work: (ctx: RequestContext, users: ConnectedUsers) => Promise<void>,
  ): void {
    const timer = setInterval(() => {
      for (const [tenantId, users] of this.tenants) {
        if (users.isEmpty) this.tenants.delete(tenantId);
        else if (kind !== 'write' || users.hasDue(Date.now())) {
          void this.round(kind, tenantId, (ctx) => work(ctx, users));
        }
      }
    }, periodMs);
    timer.unref();
    this.timers.push(timer);
  }

  /** Does nothing while a round of the same kind is running. The next round repeats work that failed. */
  private round(kind: string, tenantId: TenantId, work: (ctx: RequestContext) => Promise<void>): Promise<void> {
    return this.rounds.run(`${kind}/${tenantId}`, () => this.attempt(tenantId, work));
  }

  private async attempt(tenantId: TenantId, work: (ctx: RequestContext) => Promise<void>): Promise<void> {
    try {
      const ctx = await this.contexts.openFor(tenantId, { kind: 'system', name: 'presence' }, newRequestId());
      await work(ctx);
    } catch (error) {
      if (error instanceof CaasError && error.kind === 'not_found') return void this.tenants.delete(tenantId);
      this.log.root.warn({ tenant_id: tenantId, reason: (error as Error).message }, 'presence not written; again soon');
    }
  }
}
