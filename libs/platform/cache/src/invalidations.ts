import { Injectable, type OnModuleInit } from '@nestjs/common';
import { isTenantId, type TenantId } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { RedisConnections } from '#caas/platform/redis';

const CHANNEL = 'caas:invalidations';

/** What changed: other processes forget their copies at once instead of within the caches' five seconds. */
export interface Invalidation {
  kind:
    | 'tenant'
    | 'server_key'
    | 'signing_key'
    | 'user'
    | 'session'
    | 'relationship'
    | 'settings'
    | 'conversation'
    | 'member';
  tenantId: TenantId;
  id: string;
}

type Listener = (invalidation: Invalidation) => void;

/** Tells every process, this one first, that cached facts have changed. A lost message only costs the caches' time limit. */
@Injectable()
export class Invalidations implements OnModuleInit {
  private readonly listeners = new Set<Listener>();
  private listening = false;
  private unbroken = false;

  constructor(
    private readonly redis: RedisConnections,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const subscriber = this.redis.open('invalidations');
    subscriber.on('message', (_channel, text) => this.receive(text));
    subscriber.on('close', () => (this.listening = this.unbroken = false));
    subscriber.on('ready', () => (this.listening = true));
    subscriber.subscribe(CHANNEL).catch(() => undefined);
  }

  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  /** Whether changes of other processes may have gone untold since the last time this was asked. */
  mayHaveMissed(): boolean {
    const missed = !this.unbroken;
    this.unbroken = this.listening;
    return missed;
  }

  publish(invalidation: Invalidation): void {
    this.tell(invalidation);
    this.redis.commands.publish(CHANNEL, JSON.stringify(invalidation)).catch((error: Error) => {
      this.log.root.warn(
        { kind: invalidation.kind, reason: error.message },
        'invalidation not sent; caches expire by themselves',
      );
    });
  }

  private receive(text: string): void {
    const { kind, tenantId, id } = JSON.parse(text) as Invalidation;
    if (isTenantId(tenantId) && typeof id === 'string') this.tell({ kind, tenantId, id });
  }

  private tell(invalidation: Invalidation): void {
    for (const listener of this.listeners) listener(invalidation);
  }
}
