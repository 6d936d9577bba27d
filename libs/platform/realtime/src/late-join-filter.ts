import type { EventEnvelope } from '#caas/contracts';
import { isMessage, isOrdered, type RoomPosition } from './delivery';
import type { Room } from './rooms';

interface Arrived {
  users: readonly Room[];
  /** Messages up to this `seq` must not reach the users; 0 once a later message has been sent. */
  seq: number;
  /** Changes up to this `rev` must not reach the users; 0 once a later change has been sent. */
  rev: number;
}

const NOBODY: readonly Room[] = [];

/**
 * Users who joined a room while older events of it were still on their way to this process. These events must not reach them,
 * since they may be about content that is hidden from users who join later.
 */
export class LateJoinFilter {
  private readonly arrived = new Map<Room, Arrived[]>();

  /** @param at the room's position when the users joined: they receive only later events */
  came(room: Room, users: readonly Room[], { seq, rev }: RoomPosition): void {
    this.arrived.set(room, [...(this.arrived.get(room) ?? []), { users, seq, rev }]);
  }

  /** The rooms of the users whom an event must not reach. Call it for a room's events in the order in which they are sent. */
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
