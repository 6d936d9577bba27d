import { LRUCache } from 'lru-cache';
import { isAfter, isOrdered, type Delivery, type RoomPosition } from './delivery';
import { HeardPositions } from './heard-positions';
import { Resequencer } from './resequencer';
import type { Room } from './rooms';

/** How long a gap may stay open before it is filled from the database. */
const GAP_WAIT_MS = 150;
const MAX_ROOMS = 50_000;
/** Longer than a message takes from one process to another. */
const UNHEARD_KEPT_MS = 5_000;
const MAX_UNHEARD = 5_000;
const MAX_UNHEARD_PER_ROOM = 20;
const NOT_KNOWN: RoomPosition = { seq: -1, rev: -1 };

interface RoomState {
  readonly order: Resequencer;
  /** The next search for missing events. It is not cancelled when they arrive, so it may find nothing to do. */
  timer: NodeJS.Timeout | null;
  isLooking: boolean;
  /** The next search also asks for events later than any that was received. */
  looksBeyond: boolean;
}

export interface OrderedDeliveryHooks {
  /** Whether the room has a socket of this process. */
  hasListeners(room: Room): boolean;
  emit(room: Room, delivery: Delivery): void;
  /** Removes users from the room who are no longer in the conversation. */
  recheck(room: Room): Promise<void>;
  /** Messages with `afterSeq < seq < beforeSeq`. */
  missedMessages(room: Room, afterSeq: number, beforeSeq: number): Promise<Delivery[]>;
  /** Changes with `afterRev < rev < beforeRev` that the database still shows. */
  missedChanges(room: Room, afterRev: number, beforeRev: number): Promise<Delivery[]>;
}

/**
 * Sends a conversation's events to this process's sockets in order, whichever process published them and in whichever order they
 * arrived (`Resequencer`). An event whose predecessor is missing waits for a moment; then the gap is filled from the database.
 * One case remains: an event older than the first one received. The client sees that as a gap, and fills it with `sync`.
 */
export class OrderedDelivery {
  private readonly rooms = new LRUCache<Room, RoomState>({
    max: MAX_ROOMS,
    dispose: ({ timer }) => {
      if (timer) clearTimeout(timer);
    },
  });

  /**
   * The latest events of rooms without a socket of this process. The message that puts sockets into a room comes from another
   * process and may arrive after these events; some of them could not be found in the database later.
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
   * Sockets joined a room at the position `at`. Later events that arrived before they joined are sent now, and events that this
   * process did not receive are searched for once.
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

  /** Whether an event later than `at` arrived before the sockets joined the room. */
  hasUnheard(room: Room, at: RoomPosition): boolean {
    return this.unheardIn(room).some((delivery) => isAfter(at, delivery));
  }

  /** Whether events up to a position have not been sent by this process yet. */
  isBehind(room: Room, { seq, rev }: RoomPosition): boolean {
    const left = this.left(room);
    return (left.seq >= 0 && left.seq < seq) || (left.rev >= 0 && left.rev < rev);
  }

  /** The numbers of the last message and the last change that were sent; -1 where unknown. */
  left(room: Room): RoomPosition {
    return this.rooms.peek(room)?.order.left ?? NOT_KNOWN;
  }

  /** The highest numbers of the events that were accepted; zeros when there were none. */
  heard(room: Room): RoomPosition {
    return this.positions.of(room);
  }

  /** The room ends: sends all held events and forgets the room. */
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

  /** Searches for the missing events that block events held for long enough. */
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

  /** @throws what the hooks throw; then no gap was given up, and the held events wait on */
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
        // Events that are found may themselves wait for others: the next round searches for these.
        const found = await Promise.all([
          seqs ? this.hooks.missedMessages(room, Math.max(seqs.first - 1, looked.seq), seqs.last + 1) : [],
          revs ? this.hooks.missedChanges(room, Math.max(revs.first - 1, looked.rev), revs.last + 1) : [],
        ]);
        this.addFound(room, state, found.flat());
        if (seqs) looked.seq = seqs.last;
        if (revs) looked.rev = revs.last;
      } else if (gap.hasUntracedRevs && gap.revs!.last > checkedRev) {
        // A rev without a trace may be the removal of a member that this process did not receive.
        await this.hooks.recheck(room);
        checkedRev = gap.revs!.last;
      } else {
        order.skip(gap);
        return true;
      }
    }
    return true;
  }

  /** Finds events that were published while the sockets were joining the room, and events dropped because too many were held. */
  private async lookBeyond(room: Room, state: RoomState): Promise<void> {
    const { order } = state;
    const { seq, rev } = order.last;
    if (seq >= 0) this.addFound(room, state, await this.hooks.missedMessages(room, seq, Number.MAX_SAFE_INTEGER));
    // Only changes of messages leave a trace, so a conversation without messages has none.
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

  /** The room may have been left and joined again while a query ran. */
  private isCurrent(room: Room, state: RoomState): boolean {
    return this.rooms.peek(room) === state;
  }
}
