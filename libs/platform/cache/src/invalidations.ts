import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { isTenantId, type TenantId } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { RedisConnections } from '#caas/platform/redis';

const CHANNEL = 'caas:invalidations';

export const INVALIDATION_KINDS = [
  'tenant',
  'server_key',
  'signing_key',
  'user',
  'session',
  'relationship',
  'settings',
  'conversation',
  'member',
  'conversation_head',
] as const;
export type InvalidationKind = (typeof INVALIDATION_KINDS)[number];

/** A change that makes other processes drop their cached copies at once, instead of within the caches' five seconds. */
export interface Invalidation {
  kind: InvalidationKind;
  tenantId: TenantId;
  id: string;
}

type Listener = (invalidation: Invalidation) => void;

/** Publishes one change; call it after the commit. */
export type TellInvalidation = (tenantId: TenantId, id: string) => void;

/** Notifies every process, this one first, that cached facts have changed. If a message is lost, caches expire by their time limit. */
@Injectable()
export class Invalidations implements OnModuleInit, OnApplicationBootstrap {
  private readonly listeners = new Map<InvalidationKind, Listener[]>();
  private readonly published = new Set<InvalidationKind>();
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

  /** @throws Error when a cache listens to a kind that nothing publishes: its entries would be stale for seconds after each change */
  onApplicationBootstrap(): void {
    const untold = [...this.listeners.keys()].filter((kind) => !this.published.has(kind));
    if (untold.length === 0) return;
    throw new Error(`Caches forget what invalidations of ${untold.join(', ')} name, but nothing publishes these.`);
  }

  /** Calls `listener` for each change of these kinds, whichever process made it. It must not throw. */
  on(kinds: InvalidationKind | readonly InvalidationKind[], listener: Listener): void {
    for (const kind of [kinds].flat() as InvalidationKind[]) {
      this.listeners.set(kind, [...(this.listeners.get(kind) ?? []), listener]);
    }
  }

  /**
   * For services that change facts of this kind. Call it in a field initializer, so that the boot check knows that the kind has a
   * publisher.
   */
  publisher(kind: InvalidationKind): TellInvalidation {
    this.published.add(kind);
    return (tenantId, id) => this.publish({ kind, tenantId, id });
  }

  /** Whether changes by other processes may have been missed since the previous call. */
  mayHaveMissed(): boolean {
    const missed = !this.unbroken;
    this.unbroken = this.listening;
    return missed;
  }

  private publish(invalidation: Invalidation): void {
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
    for (const listener of this.listeners.get(invalidation.kind) ?? []) listener(invalidation);
  }
}
