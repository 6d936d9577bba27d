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

/** What changed: other processes forget their copies at once instead of within the caches' five seconds. */
export interface Invalidation {
  kind: InvalidationKind;
  tenantId: TenantId;
  id: string;
}

type Listener = (invalidation: Invalidation) => void;

/** Tells of one thing that changed; to be called after the commit. */
export type TellInvalidation = (tenantId: TenantId, id: string) => void;

/** Tells every process, this one first, that cached facts have changed. A lost message only costs the caches' time limit. */
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

  /** @throws Error when a cache waits for what nobody tells of: what it holds would outlive its change by seconds, everywhere */
  onApplicationBootstrap(): void {
    const untold = [...this.listeners.keys()].filter((kind) => !this.published.has(kind));
    if (untold.length === 0) return;
    throw new Error(`Caches forget what invalidations of ${untold.join(', ')} name, but nothing publishes these.`);
  }

  /** Calls `listener` for each of these kinds, on whichever process the change was made. It must not throw. */
  on(kinds: InvalidationKind | readonly InvalidationKind[], listener: Listener): void {
    for (const kind of [kinds].flat() as InvalidationKind[]) {
      this.listeners.set(kind, [...(this.listeners.get(kind) ?? []), listener]);
    }
  }

  /** For whoever changes facts of this kind, as a field of its class: so it is known at boot that somebody does. */
  publisher(kind: InvalidationKind): TellInvalidation {
    this.published.add(kind);
    return (tenantId, id) => this.publish({ kind, tenantId, id });
  }

  /** Whether changes of other processes may have gone untold since the last time this was asked. */
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
