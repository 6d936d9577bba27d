import type { Room } from './rooms';

/** One socket on its way into its rooms. */
export interface Arrival {
  /** Those of `rooms` that the user has not left since the arrival began. */
  stillOpen(rooms: Room[]): Room[];
  end(): void;
}

/**
 * Sockets whose rooms are being looked up. Who is removed from a conversation meanwhile is in none of its rooms yet, so that
 * nothing could take them out: it is remembered here, for as long as it takes.
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
