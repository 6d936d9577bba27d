import { ObjectId } from 'bson';
import type { Server } from 'socket.io';
import type { EventEnvelope } from '#caas/contracts';
import { isMessage, type Delivery } from './delivery';
import type { RealtimeMetrics } from './realtime-metrics';
import { isConversationRoom, userOfRoom, type Room } from './rooms';

const NOBODY: ReadonlySet<string> = new Set();

/** The sockets of this process and their rooms. It sends nothing to other processes. */
export class LocalSockets {
  private server: Server | null = null;

  constructor(private readonly metrics: RealtimeMetrics) {}

  attach(server: Server): void {
    this.server = server;
  }

  isAnybodyIn(room: Room): boolean {
    return this.server?.sockets.adapter.rooms.has(room) ?? false;
  }

  /** Conversation rooms with at least one socket of this process. */
  conversationRooms(): Room[] {
    const rooms = [...(this.server?.sockets.adapter.rooms.keys() ?? [])];
    return rooms.filter(isConversationRoom) as Room[];
  }

  /** Whether one of the users has a socket that is not in the room. */
  isAnyOutside(room: Room, users: readonly Room[]): boolean {
    return users.some((user) => this.outside(room, user).length > 0);
  }

  join(room: Room, users: readonly Room[]): void {
    this.server?.in([...users]).socketsJoin(room);
  }

  leave(room: Room, users: readonly Room[]): void {
    this.server?.in([...users]).socketsLeave(room);
  }

  empty(room: Room): void {
    this.server?.in(room).socketsLeave(room);
  }

  /** The users in the room: user ids, each with the user's own room. */
  usersIn(room: Room): Map<string, Room> {
    const users = new Map<string, Room>();
    for (const socketId of this.socketsIn(room)) {
      for (const other of this.server?.sockets.sockets.get(socketId)?.rooms ?? []) {
        const userId = userOfRoom(other);
        if (userId !== null) users.set(userId, other as Room);
      }
    }
    return users;
  }

  /**
   * Sends an event to every socket in a room; it is encoded once for all of them.
   * @param notFor users who must not learn that the event exists
   */
  tell(room: Room, { envelope, hiddenFrom }: Delivery, notFor: readonly Room[]): void {
    const others = notFor.length === 0 ? hiddenFrom : [...notFor, ...hiddenFrom];
    const everybody = this.server?.to(room);
    const audience = others.length === 0 ? everybody : everybody?.except([...others]);
    audience?.emit(envelope.type, envelope);
    this.metrics.delivered(envelope, this.receiversIn(room, others));
    if (hiddenFrom.length > 0) this.passOver(room, hiddenFrom, notFor, envelope);
  }

  /** Sends an event to the users' sockets that are not in the room yet. */
  tellOutside(room: Room, users: readonly Room[], { envelope, hiddenFrom }: Delivery): void {
    const socketsOf = (some: readonly Room[]) => some.flatMap((user) => this.outside(room, user));
    const sockets = socketsOf(users.filter((user) => !hiddenFrom.includes(user)));
    // An empty list of rooms would address every socket.
    if (sockets.length > 0) this.server?.to(sockets).emit(envelope.type, envelope);
    this.metrics.delivered(envelope, sockets.length);
    this.tellHidden(socketsOf(users.filter((user) => hiddenFrom.includes(user))), envelope);
  }

  /**
   * Sends `change.hidden` to users from whom the event is hidden. Without it their clients would see a missing number and ask for
   * it.
   */
  private passOver(room: Room, hiddenFrom: readonly Room[], notFor: readonly Room[], envelope: EventEnvelope): void {
    const present = this.socketsIn(room);
    const hidden = hiddenFrom.filter((user) => !notFor.includes(user));
    this.tellHidden(
      hidden.flatMap((user) => [...this.socketsIn(user)].filter((socket) => present.has(socket))),
      envelope,
    );
  }

  private tellHidden(sockets: string[], hidden: EventEnvelope): void {
    const { conversation_id, seq, rev, covers, at } = hidden;
    if (sockets.length === 0 || (seq === undefined && rev === undefined)) return;
    const type = 'change.hidden';
    const envelope: EventEnvelope<typeof type> = {
      id: new ObjectId().toHexString(),
      type,
      at,
      ...(conversation_id === undefined ? {} : { conversation_id }),
      ...(isMessage(hidden) ? { seq } : { rev }),
      ...(covers === undefined ? {} : { covers }),
      data: {},
    };
    this.server?.to(sockets).emit(type, envelope);
    this.metrics.sent(type, sockets.length);
  }

  /** Sockets in the room that are in none of `others`. */
  private receiversIn(room: Room, others: readonly Room[]): number {
    const present = this.socketsIn(room);
    if (others.length === 0) return present.size;
    const excepted = new Set(others.flatMap((other) => [...this.socketsIn(other)]));
    return present.size - [...excepted].filter((socket) => present.has(socket)).length;
  }

  private outside(room: Room, user: Room): string[] {
    const present = this.socketsIn(room);
    return [...this.socketsIn(user)].filter((socket) => !present.has(socket));
  }

  private socketsIn(room: Room): ReadonlySet<string> {
    return this.server?.sockets.adapter.rooms.get(room) ?? NOBODY;
  }
}
