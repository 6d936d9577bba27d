import { isAfter, isMessage, type Delivery, type RoomPosition } from './delivery';
import { userOfRoom, type Room } from './rooms';

/** How many events a room may send while one database query runs. */
const MAX_LOG = 1_000;

interface CatchUp {
  users: Room[];
  /** The last position that has been sent to the users' sockets. */
  at: RoomPosition;
  /** Events that the room has sent since the catch-up began. */
  log: Delivery[];
}

export interface CatchUpHooks {
  /** Sends an event to the users' sockets that are not in the room yet. */
  tell(room: Room, users: readonly Room[], delivery: Delivery): void;
  /** Puts the users' sockets into the room. They have received every event up to `at`. */
  admit(room: Room, users: readonly Room[], at: RoomPosition): void;
}

/**
 * Users who join a room that has already sent events they should receive. Their sockets first receive the missed messages that
 * the database has, then the events that the room sent during the query; they are put into the room in the same turn of the event
 * loop. The room does not wait for them.
 */
export class CatchUps {
  private readonly underway = new Map<Room, Set<CatchUp>>();

  constructor(private readonly hooks: CatchUpHooks) {}

  /**
   * @param at the users receive events later than this position
   * @param find reads the messages that the room has already sent
   */
  async begin(room: Room, users: readonly Room[], at: RoomPosition, find: () => Promise<Delivery[]>): Promise<void> {
    const catchUp: CatchUp = { users: [...users], at: { ...at }, log: [] };
    this.underway.set(room, (this.underway.get(room) ?? new Set()).add(catchUp));
    // If the query fails, the client notices the gap by itself.
    this.end(room, catchUp, await find().catch(() => []));
  }

  /** An event was sent to the sockets in the room. */
  passed(room: Room, delivery: Delivery): void {
    if (this.underway.size === 0) return;
    for (const catchUp of this.underway.get(room) ?? []) {
      catchUp.log.push(delivery);
      if (catchUp.log.length >= MAX_LOG) this.end(room, catchUp, []);
    }
  }

  left(room: Room, users: readonly Room[]): void {
    for (const catchUp of this.underway.get(room) ?? [])
      catchUp.users = catchUp.users.filter((user) => !users.includes(user));
  }

  /** The room closes. Users who are still joining receive its last events too. */
  endAll(room: Room): void {
    for (const catchUp of this.underway.get(room) ?? []) this.end(room, catchUp, []);
  }

  /** Users whose sockets are not in the room yet: user ids, each with the user's own room. */
  usersComingTo(room: Room): Map<string, Room> {
    const users = [...(this.underway.get(room) ?? [])].flatMap((catchUp) => catchUp.users);
    return new Map(users.map((user) => [userOfRoom(user)!, user]));
  }

  private end(room: Room, catchUp: CatchUp, found: Delivery[]): void {
    const underway = this.underway.get(room);
    if (!underway?.delete(catchUp)) return;
    if (underway.size === 0) this.underway.delete(room);
    const { users, at, log } = catchUp;
    if (users.length === 0) return;
    for (const delivery of [...found, ...log]) {
      if (!isAfter(at, delivery)) continue;
      this.hooks.tell(room, users, delivery);
      const { seq, rev } = delivery.envelope;
      if (isMessage(delivery.envelope)) at.seq = seq!;
      else at.rev = rev!;
    }
    this.hooks.admit(room, users, at);
  }
}
