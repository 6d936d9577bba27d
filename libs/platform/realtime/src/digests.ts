import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { Server } from 'socket.io';
import type { RequestContext, TenantId } from '#caas/kernel';
import type { EventData, EventEnvelope } from '#caas/contracts';
import { Invalidations } from '#caas/platform/cache';
import { digestGroups } from './digest-groups';
import { ProcessChannel } from './process-channel';
import { RealtimeMetrics } from './realtime-metrics';
import { conversationRoom, userRoom, type Room } from './rooms';

/** Event types that carry many changes at once. */
type DigestType = 'presence.changed' | 'keys.changed';
type Change<T extends DigestType> = EventData<T>['changes'][number];

/** One change, for every member of these conversations. */
export interface DigestEntry<T extends DigestType = DigestType> {
  /**
   * Identifies the changed thing, and begins with the id of the user it belongs to. Of several entries with one key only the
   * latest is sent.
   */
  key: string;
  conversationIds: string[];
  /** Ids of users who do not receive the change. */
  hiddenFrom: string[];
  change: Change<T>;
}

interface Waiting {
  rooms: Room[];
  hiddenFrom: Room[];
  change: Change<DigestType>;
}

interface Notice {
  tenantId: TenantId;
  type: DigestType;
  entries: [key: string, Waiting][];
}

const DIGESTS = 'digests';
const PERIOD_MS = 1_000;
/** Per tenant and period; further entries wait for the next period. It bounds what a process sends in a second. */
const MAX_ENTRIES = 100;

/**
 * Publishes changes that many users cause for many others and that may arrive a moment late. Each process gathers them for a
 * second, and then sends each of its sockets one event with all changes for it. When a thousand users come back at once, a
 * thousand sockets receive a few events each, instead of a million events in all. These events have no order and no `rev`: a
 * client that missed some asks for the current state.
 */
@Injectable()
export class Digests implements OnApplicationShutdown {
  private server: Server | null = null;
  private readonly waiting = new Map<string, { notice: Omit<Notice, 'entries'>; entries: Map<string, Waiting> }>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    invalidations: Invalidations,
    private readonly channel: ProcessChannel,
    private readonly metrics: RealtimeMetrics,
  ) {
    channel.on(DIGESTS, (notice: Notice) => this.gather(notice));
    invalidations.on('relationship', ({ tenantId, id }) => {
      const [one, other] = id.split(':') as [string, string];
      this.part(tenantId, one, other);
      this.part(tenantId, other, one);
    });
  }

  attach(server: Server): void {
    this.server = server;
  }

  /** Publishes to the sockets of every process. */
  publish<T extends DigestType>(ctx: RequestContext, type: T, entries: DigestEntry<T>[]): void {
    if (entries.length === 0) return;
    const { tenantId } = ctx;
    const notice: Notice = {
      tenantId,
      type,
      entries: entries.map(({ key, conversationIds, hiddenFrom, change }) => [
        key,
        {
          rooms: conversationIds.map((id) => conversationRoom(tenantId, id)),
          hiddenFrom: hiddenFrom.map((id) => userRoom(tenantId, id)),
          change,
        },
      ]),
    };
    this.gather(notice);
    this.channel.tell(DIGESTS, notice);
  }

  onApplicationShutdown(): void {
    if (this.timer) clearTimeout(this.timer);
    this.waiting.clear();
  }

  private gather({ entries, ...notice }: Notice): void {
    const key = `${notice.tenantId}/${notice.type}`;
    const known = this.waiting.get(key) ?? { notice, entries: new Map<string, Waiting>() };
    this.waiting.set(key, known);
    for (const [what, waiting] of entries) known.entries.set(what, waiting);
    this.timer ??= setTimeout(() => this.tell(), PERIOD_MS).unref();
  }

  /**
   * The relationship of two users changed while entries were waiting, perhaps by a block. Neither user receives the waiting
   * entries of the other.
   */
  private part(tenantId: TenantId, one: string, other: string): void {
    for (const [key, { entries }] of this.waiting) {
      if (!key.startsWith(`${tenantId}/`)) continue;
      for (const [what, waiting] of entries) {
        if (what.startsWith(one)) waiting.hiddenFrom = [...waiting.hiddenFrom, userRoom(tenantId, other)];
      }
    }
  }

  private tell(): void {
    for (const [key, { notice, entries }] of this.waiting) {
      const some = [...entries].slice(0, MAX_ENTRIES);
      for (const [what] of some) entries.delete(what);
      if (entries.size === 0) this.waiting.delete(key);
      this.send(
        notice.type,
        some.map(([, waiting]) => waiting),
      );
    }
    this.timer = this.waiting.size === 0 ? null : setTimeout(() => this.tell(), PERIOD_MS).unref();
  }

  private send(type: DigestType, entries: Waiting[]): void {
    const rooms = this.server?.sockets.adapter.rooms;
    if (!rooms) return;
    for (const { sockets, pieces } of digestGroups(entries, (room) => rooms.get(room))) {
      const changes = pieces.map((at) => entries[at]!.change);
      const at = new Date().toISOString();
      const envelope: EventEnvelope<DigestType> = {
        id: new ObjectId().toHexString(),
        type,
        at,
        data: { changes } as EventData<DigestType>,
      };
      this.server?.to(sockets).emit(type, envelope);
      this.metrics.sent(type, sockets.length);
    }
  }
}
