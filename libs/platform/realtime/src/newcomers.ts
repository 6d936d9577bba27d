import type { Room } from './rooms';

interface Arrived {
  users: Room[];
  rev: number;
}

/**
 * Who came into a room while older events of it were still on their way to this process: those are not for them, since they may
 * be about what is hidden from who comes later.
 */
export class Newcomers {
  private readonly arrived = new Map<Room, Arrived[]>();

  /** @param rev the room's when they came: later events are theirs */
  came(room: Room, users: Room[], rev: number): void {
    this.arrived.set(room, [...(this.arrived.get(room) ?? []), { users, rev }]);
  }

  /** Whom an event must not reach. Events of a room are asked about in the order of `rev`. */
  notFor(room: Room, rev: number | undefined): Room[] {
    const arrived = this.arrived.get(room);
    if (!arrived || rev === undefined) return [];
    const waiting = arrived.filter((each) => rev <= each.rev);
    if (waiting.length > 0) this.arrived.set(room, waiting);
    else this.arrived.delete(room);
    return waiting.flatMap(({ users }) => users);
  }

  forget(room: Room): void {
    this.arrived.delete(room);
  }
}
