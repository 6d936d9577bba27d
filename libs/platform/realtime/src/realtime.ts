import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { Server } from 'socket.io';
import type { RequestContext, TenantId } from '#caas/kernel';
import type { EventData, EventEnvelope, EventType } from '#caas/contracts';
import { forEachConcurrent } from '#caas/platform/concurrency';
import { roomOf, roomsOf, roomsOfUsers, type Audience } from './audience';
import { PendingJoins, type Arrival } from './pending-joins';
import { CatchUps } from './catch-ups';
import type { Delivery, RoomPosition } from './delivery';
import { LocalSockets } from './local-sockets';
import { LateJoinFilter } from './late-join-filter';
import { ClusterMessageBatcher } from './cluster-message-batcher';
import { OrderedDelivery } from './ordered-delivery';
import { ConversationDirectory, type MissedEvent } from './ports';
import { ProcessChannel } from './process-channel';
import { RealtimeMetrics } from './realtime-metrics';
import { conversationOfRoom, conversationRoom, isConversationRoom, userOfRoom, userRoom, type Room } from './rooms';

/** While removals by other processes cannot be received, a removed user keeps receiving events for at most this long. */
const RECHECK_EVERY_MS = 2_000;
const RECHECKED_AT_ONCE = 8;

export interface OutgoingEvent<T extends EventType> {
  type: T;
  data: EventData<T>;
  conversationId?: string;
  /** The number of the message, or of the message that a change is about. */
  seq?: number;
  /** Of a change; `message.created` has none. */
  rev?: number;
  /** The first and the last `rev` that a change stands for; the last is its own. */
  covers?: [from: number, to: number];
  /**
   * Of `message.created`, never sent to clients: the conversation's `rev` that the accepting process knew. The event is held until
   * the change with that `rev` has left.
   */
  afterRev?: number;
  /**
   * Of `message.updated` and `message.deleted`, never sent to clients: the message's `rev` before the change. If the event of
   * that `rev` was lost, this event stands for it.
   */
  baseRev?: number;
  /** Ids of users in the audience who must not receive the event, because they could not read its content by REST either. */
  hiddenFrom?: readonly string[];
}

/** @param userIds the users who left the conversation; null for all members */
export type RightsEndedListener = (tenantId: TenantId, conversationId: string, userIds: string[] | null) => void;

/** Messages between processes: an event for a room, users who join or leave a room, or the end of a room. */
type ClusterMessage =
  | ({ room: Room } & Delivery)
  | ({ room: Room; users: Room[] } & RoomPosition)
  | { room: Room; leaving: Room[] }
  | { room: Room; closed: true };

/**
 * Sends events to clients on every process. Call it after the commit, since an event tells clients that something can be read.
 * Every process, including this one, puts a conversation's events into order before it sends them to its sockets.
 */
@Injectable()
export class Realtime implements OnModuleInit, OnApplicationShutdown {
  private readonly sockets: LocalSockets;
  private readonly delivery: OrderedDelivery;
  private readonly catchUps: CatchUps;
  private readonly notices: ClusterMessageBatcher<ClusterMessage>;
  private readonly pendingJoins = new PendingJoins();
  private readonly lateJoins = new LateJoinFilter();
  private readonly rightsEnded: RightsEndedListener[] = [];
  /** Rooms that received events while removals by other processes could not be received. */
  private readonly unsure = new Set<Room>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly feed: ConversationDirectory,
    private readonly channel: ProcessChannel,
    metrics: RealtimeMetrics,
  ) {
    this.notices = new ClusterMessageBatcher(channel, (notice) => this.deliver(notice));
    this.sockets = new LocalSockets(metrics);
    this.delivery = new OrderedDelivery({
      hasListeners: (room) => this.sockets.isAnybodyIn(room),
      emit: (room, delivery) => {
        this.sockets.tell(room, delivery, this.lateJoins.notFor(room, delivery.envelope));
        this.catchUps.passed(room, delivery);
        if (!channel.isListening && isConversationRoom(room)) this.unsure.add(room);
      },
      recheck: (room) => this.recheck(room),
      missedMessages: (room, after, before) => this.missedMessages(room, after, before),
      missedChanges: (room, after, before) => this.missedChanges(room, after, before),
    });
    this.catchUps = new CatchUps({
      tell: (room, users, delivery) => this.sockets.tellOutside(room, users, delivery),
      admit: (room, users, at) => this.admit(room, users, at),
    });
    channel.onReturn(() => void this.recheckAll(this.sockets.conversationRooms()));
  }

  onModuleInit(): void {
    this.timer = setInterval(() => {
      const rooms = [...this.unsure];
      this.unsure.clear();
      void this.recheckAll(rooms);
    }, RECHECK_EVERY_MS).unref();
  }

  /** @throws Error for an audience without a valid id */
  publish<T extends EventType>(ctx: RequestContext, audience: Audience, event: OutgoingEvent<T>): void {
    const envelope: EventEnvelope<T> = {
      id: new ObjectId().toHexString(),
      type: event.type,
      at: new Date().toISOString(),
      ...(event.conversationId === undefined ? {} : { conversation_id: event.conversationId }),
      ...(event.seq === undefined ? {} : { seq: event.seq }),
      ...(event.rev === undefined ? {} : { rev: event.rev }),
      ...(event.covers === undefined ? {} : { covers: event.covers }),
      data: event.data,
    };
    const hiddenFrom = roomsOfUsers(ctx.tenantId, event.hiddenFrom ?? []);
    const notice: { room: Room } & Delivery = { room: roomOf(ctx, audience), envelope, hiddenFrom };
    if (event.afterRev !== undefined) notice.afterRev = event.afterRev;
    if (event.baseRev !== undefined) notice.baseRev = event.baseRev;
    this.tell(notice);
  }

  /**
   * Puts the users' sockets, on every process, into a conversation's room. One message carries the whole change to each process,
   * in order with the events published after it.
   * @param at messages and changes up to it are not for the users; later messages that were already sent are sent to them too
   * @throws Error for an empty list of users
   */
  join(ctx: RequestContext, userIds: string[], conversationId: string, { seq, rev }: RoomPosition): void {
    this.tell({ room: conversationRoom(ctx.tenantId, conversationId), users: roomsOf(ctx, userIds), seq, rev });
  }

  /**
   * Removes the users' sockets, on every process, from a conversation's room: they miss what is published from here on. On this
   * process it is done when the call returns.
   * @returns when every other process has done it, or after a second; it never rejects
   * @throws Error for an empty list of users
   */
  leave(ctx: RequestContext, userIds: string[], conversationId: string): Promise<void> {
    return this.tellAndConfirm({
      room: conversationRoom(ctx.tenantId, conversationId),
      leaving: roomsOf(ctx, userIds),
    });
  }

  /**
   * Empties a conversation's room on every process, after it has received what was published before. On this process it is done
   * when the call returns.
   * @returns when every other process has done it, or after a second; it never rejects
   */
  close(ctx: RequestContext, conversationId: string): Promise<void> {
    return this.tellAndConfirm({ room: conversationRoom(ctx.tenantId, conversationId), closed: true });
  }

  /** @returns the highest numbers of the conversation's events that this process published or received; zeros for none */
  heard(ctx: RequestContext, conversationId: string): RoomPosition {
    return this.delivery.heard(conversationRoom(ctx.tenantId, conversationId));
  }

  /**
   * Calls the listener on each process when users leave a conversation and when it closes: in the same turn, and before the
   * publishing process gets the confirmation. A listener must not throw.
   */
  onRightsEnded(listener: RightsEndedListener): void {
    this.rightsEnded.push(listener);
  }

  /** Calls the listener when this process receives messages again and may have missed joins and removals. It must not throw. */
  onReturn(listener: () => void): void {
    this.channel.onReturn(listener);
  }

  /** Call it before a socket of the user joins its rooms. */
  arriving(tenantId: TenantId, userId: string): Arrival {
    return this.pendingJoins.begin(userRoom(tenantId, userId));
  }

  attach(server: Server): void {
    this.sockets.attach(server);
  }

  onApplicationShutdown(): void {
    if (this.timer) clearInterval(this.timer);
    this.delivery.close();
    this.notices.close();
  }

  private tell(notice: ClusterMessage): void {
    this.deliver(notice);
    this.notices.tell(notice);
  }

  private tellAndConfirm(notice: ClusterMessage): Promise<void> {
    this.deliver(notice);
    return this.notices.tellAndConfirm(notice);
  }

  private deliver(notice: ClusterMessage): void {
    const { room } = notice;
    if ('envelope' in notice) this.delivery.accept(room, notice);
    else if ('users' in notice) this.enter(room, notice.users, { seq: notice.seq, rev: notice.rev });
    else if ('leaving' in notice) this.takeOut(room, notice.leaving);
    else this.end(room);
  }

  private enter(room: Room, users: Room[], at: RoomPosition): void {
    for (const user of users) this.pendingJoins.joined(user, room);
    const left = this.delivery.left(room);
    const hasMissed = left.seq > at.seq;
    // The change that added the users should follow this message, but was sent already: a removal may have been sent as well.
    const isLate = left.rev > at.rev;
    if (!(hasMissed || isLate) || !this.sockets.isAnyOutside(room, users)) return this.admit(room, users, at);
    void this.catchUps.begin(room, users, at, async () => {
      if (isLate) await this.recheck(room);
      return hasMissed ? this.missedMessages(room, at.seq, left.seq + 1) : [];
    });
  }

  private admit(room: Room, users: readonly Room[], at: RoomPosition): void {
    if (this.delivery.isBehind(room, at)) this.lateJoins.came(room, users, at);
    this.sockets.join(room, users);
    const begin = () => this.delivery.begin(room, at);
    // This join may be older than a removal that this process has already received. If the check fails, no held event is sent:
    // clients find the gap with the next event.
    if (this.delivery.hasUnheard(room, at)) void this.recheck(room).then(begin, () => undefined);
    else begin();
  }

  private takeOut(room: Room, users: Room[]): void {
    for (const user of users) this.pendingJoins.left(user, room);
    this.catchUps.left(room, users);
    this.sockets.leave(room, users);
    this.tellRightsEnded(
      room,
      users.map((user) => userOfRoom(user)!),
    );
  }

  private end(room: Room): void {
    this.pendingJoins.closed(room);
    this.catchUps.endAll(room);
    this.delivery.finish(room);
    this.lateJoins.forget(room);
    this.sockets.empty(room);
    this.tellRightsEnded(room, null);
  }

  private tellRightsEnded(room: Room, userIds: string[] | null): void {
    const [tenantId, conversationId] = conversationOfRoom(room);
    for (const listener of this.rightsEnded) listener(tenantId, conversationId, userIds);
  }

  /** Removes users who are no longer in the conversation from the room, and cancels their pending joins. */
  private async recheck(room: Room): Promise<void> {
    const users = new Map([...this.sockets.usersIn(room), ...this.catchUps.usersComingTo(room)]);
    if (users.size === 0) return;
    const [tenantId, conversationId] = conversationOfRoom(room);
    const members = await this.feed.membersAmong(tenantId, conversationId, [...users.keys()]);
    const gone = [...users].flatMap(([userId, userRoom]) => (members.has(userId) ? [] : [userRoom]));
    if (gone.length > 0) this.takeOut(room, gone);
  }

  /** Rechecks rooms, since removals may have been missed. If the query fails, the room is checked again soon. */
  private async recheckAll(rooms: Room[]): Promise<void> {
    await forEachConcurrent(rooms, RECHECKED_AT_ONCE, async (room) => {
      await this.recheck(room).catch(() => this.unsure.add(room));
    });
  }

  private async missedMessages(room: Room, after: number, before: number): Promise<Delivery[]> {
    const [tenantId, conversationId] = conversationOfRoom(room);
    return deliveriesOf(tenantId, await this.feed.missedMessages(tenantId, conversationId, after, before));
  }

  private async missedChanges(room: Room, after: number, before: number): Promise<Delivery[]> {
    const [tenantId, conversationId] = conversationOfRoom(room);
    return deliveriesOf(tenantId, await this.feed.missedChanges(tenantId, conversationId, after, before));
  }
}

const deliveriesOf = (tenantId: TenantId, events: MissedEvent[]): Delivery[] =>
  events.map((event) => ({ ...event, hiddenFrom: roomsOfUsers(tenantId, event.hiddenFrom) }));
