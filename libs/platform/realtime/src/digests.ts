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

/** The events that tell of many things at once. */
type DigestType = 'presence.changed' | 'keys.changed';
type Change<T extends DigestType> = EventData<T>['changes'][number];

/** One thing that changed, for everybody who is in one of the conversations. */
export interface DigestEntry<T extends DigestType = DigestType> {
  /** What changed, beginning with the id of the user whose it is: of the same thing only the latest is told. */
  key: string;
  conversationIds: string[];
  /** Ids of users who are not told. */
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
/** In one period, of one tenant; the others wait for the next. What a process sends in a second has a bound by it. */
const MAX_ENTRIES = 100;

/**
 * News that many have for many, and that may come a moment late. Each process gathers it for a second and gives each of its
 * sockets one event with all that concerns it: a thousand users who come back at once cost a thousand sockets some events each,
 * and not a million. Without order and without `rev`: whoever missed something asks.
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

  /** On every process. */
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

  /** Something changed between two users while news waited, perhaps that there is a block: neither hears what waits of the other. */
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
