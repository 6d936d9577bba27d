import { isAfter, isMessage, type Delivery, type RoomPosition } from './delivery';
import { userOfRoom, type Room } from './rooms';

/** What may leave a room while one look into the database lasts. */
const MAX_LOG = 1_000;

interface CatchUp {
  users: Room[];
  /** How far the users' sockets have been told. */
  at: RoomPosition;
  /** What has left the room since the catch-up began. */
  log: Delivery[];
}

export interface CatchUpHooks {
  /** Tells those sockets of the users that are not in the room yet. */
  tell(room: Room, users: readonly Room[], delivery: Delivery): void;
  /** Puts the users' sockets into the room; they were told of everything up to a position. */
  admit(room: Room, users: readonly Room[], at: RoomPosition): void;
}

/**
 * Users who come into a room that has gone past the position from which its events are theirs. Their sockets are told of
 * what is found of these first, then of what left the room meanwhile, and are put into the room in the same turn. The room waits
 * for nobody.
 */
export class CatchUps {
  private readonly underway = new Map<Room, Set<CatchUp>>();

  constructor(private readonly hooks: CatchUpHooks) {}

  /**
   * @param at later events are for the users
   * @param find the messages that have left the room already
   */
  async begin(room: Room, users: readonly Room[], at: RoomPosition, find: () => Promise<Delivery[]>): Promise<void> {
    const catchUp: CatchUp = { users: [...users], at: { ...at }, log: [] };
    this.underway.set(room, (this.underway.get(room) ?? new Set()).add(catchUp));
    // Without an answer the client sees the gap.
    this.end(room, catchUp, await find().catch(() => []));
  }

  /** An event has left for the sockets in the room. */
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

  /** The room closes: its last events are for those who are on their way into it too. */
  endAll(room: Room): void {
    for (const catchUp of this.underway.get(room) ?? []) this.end(room, catchUp, []);
  }

  /** Users whose sockets are not in the room yet: by their ids, their own rooms. */
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
