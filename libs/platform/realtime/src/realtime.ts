import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { Server } from 'socket.io';
import type { RequestContext, TenantId } from '#caas/kernel';
import type { EventData, EventEnvelope, EventType } from '#caas/contracts';
import { Newcomers } from './newcomers';
import { OrderedDelivery, type Delivery } from './ordered-delivery';
import { Arrivals, type Arrival } from './arrivals';
import { ConversationFeed } from './ports';
import { RealtimeMetrics } from './realtime-metrics';
import { conversationOfRoom, conversationRoom, tenantRoom, userOfRoom, userRoom, type Room } from './rooms';

/** Who gets an event: everybody in a conversation, one user on all their sockets, or every socket of the tenant. */
export type Audience = { conversationId: string } | { userId: string } | { everyone: true };

export interface OutgoingEvent<T extends EventType> {
  type: T;
  data: EventData<T>;
  conversationId?: string;
  seq?: number;
  rev?: number;
  /** Ids of users who are not told, though they belong to the audience: by REST they could not read it either. */
  hiddenFrom?: readonly string[];
}

const BETWEEN_PROCESSES = 'caas:notices';
const NOBODY: ReadonlySet<string> = new Set();

/** What processes tell each other: an event for a room, sockets that belong into one or no longer, or the end of a room. */
type Notice =
  | ({ room: Room } & Delivery)
  | { room: Room; users: Room[]; rev: number }
  | { room: Room; leaving: Room[] }
  | { room: Room; closed: true };

/**
 * Sends events to clients on every process. Call it after the commit: an event is a hint that something is there to be read.
 * Every process, this one too, puts a conversation's events into the order of `rev` before they leave.
 */
@Injectable()
export class Realtime implements OnApplicationShutdown {
  private server: Server | null = null;
  private readonly delivery: OrderedDelivery;
  private readonly notices: Notice[] = [];
  private readonly arrivals = new Arrivals();
  private readonly newcomers = new Newcomers();

  constructor(
    private readonly feed: ConversationFeed,
    private readonly metrics: RealtimeMetrics,
  ) {
    this.delivery = new OrderedDelivery({
      hasListeners: (room) => this.server?.sockets.adapter.rooms.has(room) ?? false,
      // `local`: each process tells its own sockets; encoded once, whatever their number.
      emit: (room, { envelope, hiddenFrom }) => {
        const others = [...this.newcomers.notFor(room, envelope.rev), ...hiddenFrom];
        this.server?.local.to(room).except(others).emit(envelope.type, envelope);
        this.metrics.delivered(envelope, this.receiversIn(room, others));
        if (hiddenFrom.length > 0) this.passOver(room, hiddenFrom, envelope);
      },
      recheck: (room) => this.recheck(room),
      missed: async (room, after, before) => {
        const [tenantId, conversationId] = conversationOfRoom(room);
        const found = await feed.missed(tenantId, conversationId, after, before);
        return found.map(({ envelope, hiddenFrom }) => ({ envelope, hiddenFrom: roomsOfUsers(tenantId, hiddenFrom) }));
      },
    });
  }

  /** @throws Error for an audience that is nobody */
  publish<T extends EventType>(ctx: RequestContext, audience: Audience, event: OutgoingEvent<T>): void {
    const room = roomOf(ctx, audience);
    const envelope: EventEnvelope<T> = {
      id: new ObjectId().toHexString(),
      type: event.type,
      at: new Date().toISOString(),
      ...(event.conversationId === undefined ? {} : { conversation_id: event.conversationId }),
      ...(event.seq === undefined ? {} : { seq: event.seq }),
      ...(event.rev === undefined ? {} : { rev: event.rev }),
      data: event.data,
    };
    this.tell({ room, envelope, hiddenFrom: roomsOfUsers(ctx.tenantId, event.hiddenFrom ?? []) });
  }

  /**
   * Puts the sockets of users, on every process, into a conversation's room. One message between the processes carries all of
   * it, in the order of the events that follow; `rev` is the conversation's, and whatever is later reaches the sockets.
   */
  join(ctx: RequestContext, userIds: string[], conversationId: string, rev: number): void {
    const room = conversationRoom(ctx.tenantId, conversationId);
    const users = roomsOf(ctx, userIds);
    this.tell({ room, users, rev });
  }

  /** Takes the sockets of users, on every process, out of a conversation's room: what is published from here on they miss. */
  leave(ctx: RequestContext, userIds: string[], conversationId: string): void {
    const leaving = roomsOf(ctx, userIds);
    this.tell({ room: conversationRoom(ctx.tenantId, conversationId), leaving });
  }

  /** Empties a conversation's room on every process, once it has heard what was published before. */
  close(ctx: RequestContext, conversationId: string): void {
    this.tell({ room: conversationRoom(ctx.tenantId, conversationId), closed: true });
  }

  /** For a socket of the user that is about to join its rooms. */
  arriving(tenantId: TenantId, userId: string): Arrival {
    return this.arrivals.begin(userRoom(tenantId, userId));
  }

  attach(server: Server): void {
    this.server = server;
    server.on(BETWEEN_PROCESSES, (notices: Notice[]) => notices.forEach((notice) => this.deliver(notice)));
  }

  onApplicationShutdown(): void {
    this.delivery.close();
  }

  /** Whoever is not told what changed is told that something did: a missing `rev` would make their clients look for it. */
  private passOver(room: Room, hiddenFrom: readonly Room[], { conversation_id, rev, at }: EventEnvelope): void {
    if (rev === undefined) return;
    const notFor = new Set(this.newcomers.notFor(room, rev));
    const rooms = this.server?.sockets.adapter.rooms;
    const present = rooms?.get(room) ?? NOBODY;
    const sockets = hiddenFrom.flatMap((own) =>
      notFor.has(own) ? [] : [...(rooms?.get(own) ?? NOBODY)].filter((socket) => present.has(socket)),
    );
    if (sockets.length === 0) return;
    const type = 'change.hidden';
    const envelope: EventEnvelope<typeof type> = {
      id: new ObjectId().toHexString(),
      type,
      at,
      ...(conversation_id === undefined ? {} : { conversation_id }),
      rev,
      data: {},
    };
    this.server?.local.to(sockets).emit(type, envelope);
    this.metrics.sent(type, sockets.length);
  }

  /** Sockets of this process in the room that are in none of `others`. */
  private receiversIn(room: Room, others: readonly string[]): number {
    const rooms = this.server?.sockets.adapter.rooms;
    const present = rooms?.get(room) ?? NOBODY;
    if (others.length === 0) return present.size;
    const excepted = new Set(others.flatMap((other) => [...(rooms?.get(other) ?? NOBODY)]));
    return present.size - [...excepted].filter((socket) => present.has(socket)).length;
  }

  private async recheck(room: Room): Promise<void> {
    const users = this.usersIn(room);
    if (users.size === 0) return;
    const [tenantId, conversationId] = conversationOfRoom(room);
    const members = await this.feed.membersAmong(tenantId, conversationId, [...users.keys()]);
    const gone = [...users].flatMap(([userId, userRoom]) => (members.has(userId) ? [] : [userRoom]));
    if (gone.length > 0) this.deliver({ room, leaving: gone });
  }

  /** Of this process' sockets: by the user's id, the user's own room. */
  private usersIn(room: Room): Map<string, Room> {
    const sockets = this.server?.sockets;
    const users = new Map<string, Room>();
    for (const socketId of sockets?.adapter.rooms.get(room) ?? []) {
      for (const other of sockets?.sockets.get(socketId)?.rooms ?? []) {
        const userId = userOfRoom(other);
        if (userId !== null) users.set(userId, other as Room);
      }
    }
    return users;
  }

  private tell(notice: Notice): void {
    this.deliver(notice);
    this.tellOthers(notice);
  }

  private deliver(notice: Notice): void {
    const { room } = notice;
    if ('envelope' in notice) {
      // A process of the version before names nobody.
      const { envelope, hiddenFrom = [] } = notice;
      return this.delivery.accept(room, { envelope, hiddenFrom });
    }
    if ('users' in notice) {
      for (const user of notice.users) this.arrivals.joined(user, room);
      if (this.delivery.isBehind(room, notice.rev)) this.newcomers.came(room, notice.users, notice.rev);
      this.server?.local.in(notice.users).socketsJoin(room);
      this.begin(room, notice.rev);
    } else if ('leaving' in notice) {
      for (const user of notice.leaving) this.arrivals.left(user, room);
      this.server?.local.in(notice.leaving).socketsLeave(room);
    } else {
      this.arrivals.closed(room);
      this.delivery.finish(room);
      this.newcomers.forget(room);
      this.server?.local.in(room).socketsLeave(room);
    }
  }

  /** The word that sockets belong into the room may be older than their removal, of which this process has heard already. */
  private begin(room: Room, rev: number): void {
    const begin = () => this.delivery.begin(room, rev);
    if (!this.delivery.hasUnheard(room, rev)) return begin();
    // Where that cannot be checked, nothing of it is sent: clients find the gap with the next event.
    this.recheck(room).then(begin, () => undefined);
  }

  /** What one turn of the event loop brings (a group of sends commits at once) goes to the other processes as one message. */
  private tellOthers(notice: Notice): void {
    this.notices.push(notice);
    if (this.notices.length === 1)
      setImmediate(() => this.server?.serverSideEmit(BETWEEN_PROCESSES, this.notices.splice(0)));
  }
}

function roomOf({ tenantId }: RequestContext, audience: Audience): Room {
  if ('conversationId' in audience) return conversationRoom(tenantId, audience.conversationId);
  return 'userId' in audience ? userRoom(tenantId, audience.userId) : tenantRoom(tenantId);
}

/** @throws Error for nobody: sockets in no room at all would be everybody's */
function roomsOf({ tenantId }: RequestContext, userIds: string[]): Room[] {
  if (userIds.length === 0) throw new Error('Sockets join and leave for somebody');
  return roomsOfUsers(tenantId, userIds);
}

const roomsOfUsers = (tenantId: TenantId, userIds: readonly string[]): Room[] =>
  userIds.map((userId) => userRoom(tenantId, userId));
