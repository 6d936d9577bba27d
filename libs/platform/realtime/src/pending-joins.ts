import type { Room } from './rooms';

/** One socket that is joining its rooms. */
export interface Arrival {
  /** The `rooms` that the user has not left since the join began. */
  stillOpen(rooms: Room[]): Room[];
  end(): void;
}

/**
 * Sockets whose rooms are being looked up. A user removed while their socket is still joining is not in the room yet, so `leave`
 * cannot reach the socket. The removal is remembered here until the join ends.
 */
export class PendingJoins {
  private readonly underway = new Map<Room, Set<Set<Room>>>();

  /** Call it before the rooms are looked up. */
  begin(user: Room): Arrival {
    const left = new Set<Room>();
    const ofUser = this.underway.get(user) ?? new Set();
    this.underway.set(user, ofUser.add(left));
    return {
      stillOpen: (rooms) => rooms.filter((room) => !left.has(room)),
      end: () => {
        ofUser.delete(left);
        if (ofUser.size === 0 && this.underway.get(user) === ofUser) this.underway.delete(user);
      },
    };
  }

  joined(user: Room, room: Room): void {
    for (const left of this.underway.get(user) ?? []) left.delete(room);
  }

  left(user: Room, room: Room): void {
    for (const left of this.underway.get(user) ?? []) left.add(room);
  }

  closed(room: Room): void {
    for (const user of this.underway.keys()) this.left(user, room);
  }
}
