import { LRUCache } from 'lru-cache';
import { isMessage, type Delivery, type RoomPosition } from './delivery';
import type { Room } from './rooms';

const MAX_ROOMS = 50_000;
const NOTHING: RoomPosition = { seq: 0, rev: 0 };

/** The highest `seq` and `rev` of each conversation that this process has received, including conversations without a socket here. */
export class HeardPositions {
  private readonly positions = new LRUCache<Room, RoomPosition>({ max: MAX_ROOMS });

  note(room: Room, { envelope, afterRev = 0 }: Delivery): void {
    let position = this.positions.get(room);
    if (!position) this.positions.set(room, (position = { ...NOTHING }));
    // The process that accepted the message knew the change named by `afterRev`, so that `rev` exists.
    const rev = envelope.rev ?? afterRev;
    if (isMessage(envelope) && envelope.seq! > position.seq) position.seq = envelope.seq!;
    if (rev > position.rev) position.rev = rev;
  }

  /** The highest numbers; zeros if no event was received. */
  of(room: Room): RoomPosition {
    return { ...(this.positions.get(room) ?? NOTHING) };
  }

  clear(): void {
    this.positions.clear();
  }
}
