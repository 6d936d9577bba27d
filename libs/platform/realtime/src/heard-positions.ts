import { LRUCache } from 'lru-cache';
import { isMessage, type Delivery, type RoomPosition } from './delivery';
import type { Room } from './rooms';

const MAX_ROOMS = 50_000;
const NOTHING: RoomPosition = { seq: 0, rev: 0 };

/** How far each conversation has come, as far as this process has heard: also of those that nobody here is in. */
export class HeardPositions {
  private readonly positions = new LRUCache<Room, RoomPosition>({ max: MAX_ROOMS });

  note(room: Room, { envelope, afterRev = 0 }: Delivery): void {
    let position = this.positions.get(room);
    if (!position) this.positions.set(room, (position = { ...NOTHING }));
    // Who sent a message knew of the change that it waits for.
    const rev = envelope.rev ?? afterRev;
    if (isMessage(envelope) && envelope.seq! > position.seq) position.seq = envelope.seq!;
    if (rev > position.rev) position.rev = rev;
  }

  /** The highest numbers, zeros where nothing was heard. */
  of(room: Room): RoomPosition {
    return { ...(this.positions.get(room) ?? NOTHING) };
  }

  clear(): void {
    this.positions.clear();
  }
}
