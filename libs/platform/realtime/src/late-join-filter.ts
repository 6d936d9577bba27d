import type { EventEnvelope } from '#caas/contracts';
import { isMessage, isOrdered, type RoomPosition } from './delivery';
import type { Room } from './rooms';

interface Arrived {
  users: readonly Room[];
  /** Messages up to here are not theirs; 0 once a later one has left. */
  seq: number;
  /** Changes up to here are not theirs; 0 once a later one has left. */
  rev: number;
}

const NOBODY: readonly Room[] = [];

/**
 * Users who came into a room while older events of it were still on their way to this process: those are not for them, since they
 * may be about what is hidden from a user who comes later.
 */
export class LateJoinFilter {
  private readonly arrived = new Map<Room, Arrived[]>();

  /** @param at the room's position when they came: later events are theirs */
  came(room: Room, users: readonly Room[], { seq, rev }: RoomPosition): void {
    this.arrived.set(room, [...(this.arrived.get(room) ?? []), { users, seq, rev }]);
  }

  /** Users whom an event must not reach. Events of a room are asked about in the order in which they leave. */
  notFor(room: Room, envelope: EventEnvelope): readonly Room[] {
    if (this.arrived.size === 0 || !isOrdered(envelope)) return NOBODY;
    const arrived = this.arrived.get(room);
    if (!arrived) return NOBODY;
    const kind = isMessage(envelope) ? 'seq' : 'rev';
    for (const each of arrived) if (envelope[kind]! > each[kind]) each[kind] = 0;
    const waiting = arrived.filter(({ seq, rev }) => seq > 0 || rev > 0);
    if (waiting.length > 0) this.arrived.set(room, waiting);
    else this.arrived.delete(room);
    return waiting.filter((each) => envelope[kind]! <= each[kind]).flatMap(({ users }) => users);
  }

  forget(room: Room): void {
    this.arrived.delete(room);
  }
}
