import { LRUCache } from 'lru-cache';
import { isAfter, isOrdered, type Delivery, type RoomPosition } from './delivery';
import { HeardPositions } from './heard-positions';
import { Resequencer } from './resequencer';
import type { Room } from './rooms';

/** How long a gap may stay open before it is filled from the database. */
const GAP_WAIT_MS = 150;
const MAX_ROOMS = 50_000;
/** Longer than two processes take to tell each other of something. */
const UNHEARD_KEPT_MS = 5_000;
const MAX_UNHEARD = 5_000;
const MAX_UNHEARD_PER_ROOM = 20;
const NOT_KNOWN: RoomPosition = { seq: -1, rev: -1 };

interface RoomState {
  readonly order: Resequencer;
  /** The next look for what is missing. It may find nothing to do: it is not stopped when the missing event comes. */
  timer: NodeJS.Timeout | null;
  isLooking: boolean;
  /** The next look also asks for what is later than anything heard. */
  looksBeyond: boolean;
}

export interface OrderedDeliveryHooks {
  /** Is anybody of this process in the room? */
  hasListeners(room: Room): boolean;
  emit(room: Room, delivery: Delivery): void;
  /** Takes those out of the room who are no longer in the conversation. */
  recheck(room: Room): Promise<void>;
  /** Messages with `afterSeq < seq < beforeSeq`. */
  missedMessages(room: Room, afterSeq: number, beforeSeq: number): Promise<Delivery[]>;
  /** Changes with `afterRev < rev < beforeRev`, as far as they left a trace. */
  missedChanges(room: Room, afterRev: number, beforeRev: number): Promise<Delivery[]>;
}

/**
 * Sees to it that a conversation's events leave this process in order, whichever process published them and in whichever order
 * they came (`Resequencer`). An event whose predecessor is missing waits a moment; then the gap is filled from the database.
 * What still slips through (an event older than the first one heard of) the client sees as a gap, and mends with `sync`.
 */
export class OrderedDelivery {
  private readonly rooms = new LRUCache<Room, RoomState>({
    max: MAX_ROOMS,
    dispose: ({ timer }) => {
      if (timer) clearTimeout(timer);
    },
  });

  /**
   * The latest events of rooms that nobody here is in. The word that sockets belong into a room comes from another process, and may
   * come after them; not all of them leave a trace that they could be found by later.
   */
  private readonly unheard = new LRUCache<Room, Delivery[]>({
    maxSize: MAX_UNHEARD,
    sizeCalculation: (deliveries) => deliveries.length,
    ttl: UNHEARD_KEPT_MS,
  });

  private readonly positions = new HeardPositions();

  constructor(
    private readonly hooks: OrderedDeliveryHooks,
    private readonly gapWaitMs = GAP_WAIT_MS,
  ) {}

  accept(room: Room, delivery: Delivery): void {
    const hasOrder = isOrdered(delivery.envelope);
    if (hasOrder) this.positions.note(room, delivery);
    if (!this.hooks.hasListeners(room)) {
      this.rooms.delete(room);
      if (hasOrder) this.unheard.set(room, [...this.unheardIn(room).slice(1 - MAX_UNHEARD_PER_ROOM), delivery]);
      return;
    }
    if (!hasOrder) return this.hooks.emit(room, delivery);
    const state = this.stateOf(room);
    state.order.offer(delivery);
    this.lookSoon(room, state);
  }

  /**
   * Sockets came into a room that stands at a position. What was published before they were in leaves now, and what nobody here has
   * heard of is looked for once.
   */
  begin(room: Room, at: RoomPosition): void {
    if (!this.hooks.hasListeners(room)) return;
    const isNew = !this.rooms.has(room);
    const state = this.stateOf(room);
    state.order.begin(at);
    if (isNew) {
      state.looksBeyond = true;
      for (const delivery of this.unheardIn(room)) state.order.offer(delivery);
      this.unheard.delete(room);
    }
    this.lookSoon(room, state);
  }

  /** Was something later than a position heard of before the sockets were in the room? */
  hasUnheard(room: Room, at: RoomPosition): boolean {
    return this.unheardIn(room).some((delivery) => isAfter(at, delivery));
  }

  /** Have events up to a position still to leave this process? */
  isBehind(room: Room, { seq, rev }: RoomPosition): boolean {
    const left = this.left(room);
    return (left.seq >= 0 && left.seq < seq) || (left.rev >= 0 && left.rev < rev);
  }

  /** The numbers of the last message and of the last change that left, -1 where that is not known. */
  left(room: Room): RoomPosition {
    return this.rooms.peek(room)?.order.left ?? NOT_KNOWN;
  }

  /** The highest numbers of events that were accepted, zeros when there were none. */
  heard(room: Room): RoomPosition {
    return this.positions.of(room);
  }

  /** Nothing more will come: sends what is held, and forgets the room. */
  finish(room: Room): void {
    this.rooms.get(room)?.order.flush();
    this.rooms.delete(room);
    this.unheard.delete(room);
  }

  close(): void {
    this.rooms.clear();
    this.unheard.clear();
    this.positions.clear();
  }

  private unheardIn(room: Room): Delivery[] {
    return this.unheard.get(room) ?? [];
  }

  private stateOf(room: Room): RoomState {
    let state = this.rooms.get(room);
    if (!state) {
      const order = new Resequencer((delivery) => this.hooks.emit(room, delivery));
      state = { order, timer: null, isLooking: false, looksBeyond: false };
      this.rooms.set(room, state);
    }
    return state;
  }

  private lookSoon(room: Room, state: RoomState, waitMs = this.gapWaitMs): void {
    if (state.timer || state.isLooking || (state.order.heldCount === 0 && !state.looksBeyond)) return;
    state.timer = setTimeout(() => void this.look(room, state), Math.ceil(waitMs));
    state.timer.unref();
  }

  /** Looks for what keeps events back that have waited long enough. */
  private async look(room: Room, state: RoomState): Promise<void> {
    state.timer = null;
    if (!this.hooks.hasListeners(room)) return void this.rooms.delete(room);
    const heldSinceMs = performance.now() - this.gapWaitMs;
    let isDone = true;
    if (state.order.takeDropped()) state.looksBeyond = true;
    if (state.looksBeyond || (state.order.oldestMs ?? Infinity) <= heldSinceMs) {
      state.isLooking = true;
      isDone = await this.fillGaps(room, state, heldSinceMs).catch(() => false);
      state.isLooking = false;
      if (!this.isCurrent(room, state)) return;
    }
    const oldestMs = state.order.oldestMs ?? Infinity;
    this.lookSoon(room, state, isDone ? Math.max(0, oldestMs + this.gapWaitMs - performance.now()) : this.gapWaitMs);
  }

  /** @throws what the hooks throw: then nothing was given up, and all that is held waits on */
  private async fillGaps(room: Room, state: RoomState, heldSinceMs: number): Promise<boolean> {
    const { order } = state;
    if (state.looksBeyond) await this.lookBeyond(room, state);
    const looked: RoomPosition = { seq: 0, rev: 0 };
    let checkedRev = 0;
    while (this.isCurrent(room, state)) {
      const gap = order.gap(heldSinceMs);
      if (!gap) return true;
      const seqs = (gap.seqs?.last ?? 0) > looked.seq ? gap.seqs : null;
      const revs = (gap.revs?.last ?? 0) > looked.rev ? gap.revs : null;
      if (seqs || revs) {
        // What is found may itself wait for more: the next round looks for that.
        const found = await Promise.all([
          seqs ? this.hooks.missedMessages(room, Math.max(seqs.first - 1, looked.seq), seqs.last + 1) : [],
          revs ? this.hooks.missedChanges(room, Math.max(revs.first - 1, looked.rev), revs.last + 1) : [],
        ]);
        this.addFound(room, state, found.flat());
        if (seqs) looked.seq = seqs.last;
        if (revs) looked.rev = revs.last;
      } else if (gap.hasUntracedRevs && gap.revs!.last > checkedRev) {
        // What left no trace may have been the end of somebody's membership, of which nobody here was told.
        await this.hooks.recheck(room);
        checkedRev = gap.revs!.last;
      } else {
        order.skip(gap);
        return true;
      }
    }
    return true;
  }

  /** What was published while sockets were on their way into the room, and what was too much to be held. */
  private async lookBeyond(room: Room, state: RoomState): Promise<void> {
    const { order } = state;
    const { seq, rev } = order.last;
    if (seq >= 0) this.addFound(room, state, await this.hooks.missedMessages(room, seq, Number.MAX_SAFE_INTEGER));
    // Without messages there are no changes of messages, and others leave no trace.
    const hasMessages = order.last.seq > 0;
    if (rev >= 0 && hasMessages && this.isCurrent(room, state))
      this.addFound(room, state, await this.hooks.missedChanges(room, rev, Number.MAX_SAFE_INTEGER));
    state.looksBeyond = false;
  }

  private addFound(room: Room, state: RoomState, found: Delivery[]): void {
    if (!this.isCurrent(room, state)) return;
    for (const delivery of found) this.positions.note(room, delivery);
    state.order.add(found);
  }

  /** The room may have been left, and entered anew, while an answer was waited for. */
  private isCurrent(room: Room, state: RoomState): boolean {
    return this.rooms.peek(room) === state;
  }
}
