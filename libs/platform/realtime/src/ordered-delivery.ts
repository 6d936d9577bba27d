import { LRUCache } from 'lru-cache';
import type { EventEnvelope } from '#caas/contracts';
import type { Room } from './rooms';

/** How long a gap may stay open before it is filled from the database. */
const GAP_WAIT_MS = 150;
const MAX_ROOMS = 50_000;
const MAX_HELD_PER_ROOM = 1_000;
/** Longer than two processes take to tell each other of something. */
const UNHEARD_KEPT_MS = 5_000;
const MAX_UNHEARD = 5_000;
const MAX_UNHEARD_PER_ROOM = 20;

/** An event, and the rooms of users in the same room who are not told of it. */
export interface Delivery {
  envelope: EventEnvelope;
  hiddenFrom: readonly Room[];
}

interface RoomState {
  /** The rev that leaves next; lower ones have left. */
  next: number;
  held: Map<number, Delivery>;
  gapTimer: NodeJS.Timeout | null;
  /** The look that follows the first join is still to come. */
  beginning: boolean;
}

export interface OrderedDeliveryHooks {
  /** Is anybody of this process in the room? */
  hasListeners(room: Room): boolean;
  emit(room: Room, delivery: Delivery): void;
  /** Takes those out of the room who are no longer in the conversation. */
  recheck(room: Room): Promise<void>;
  /** Events with `afterRev < rev < beforeRev`. */
  missed(room: Room, afterRev: number, beforeRev: number): Promise<Delivery[]>;
}

/**
 * Sees to it that a conversation's events leave this process in the order of `rev`, whichever process published them and in
 * whichever order they came. An event whose predecessor is missing waits a moment; then the gap is filled from the database.
 * What still slips through (an event older than the first one heard of) the client sees as a gap, and mends with `sync`.
 */
export class OrderedDelivery {
  private readonly rooms = new LRUCache<string, RoomState>({
    max: MAX_ROOMS,
    dispose: ({ gapTimer }) => {
      if (gapTimer) clearTimeout(gapTimer);
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

  constructor(
    private readonly hooks: OrderedDeliveryHooks,
    private readonly gapWaitMs = GAP_WAIT_MS,
  ) {}

  accept(room: Room, delivery: Delivery): void {
    const { rev } = delivery.envelope;
    if (!this.hooks.hasListeners(room)) {
      this.rooms.delete(room);
      if (rev !== undefined)
        this.unheard.set(room, [...this.unheardIn(room).slice(1 - MAX_UNHEARD_PER_ROOM), delivery]);
      return;
    }
    if (rev === undefined) return this.hooks.emit(room, delivery);
    const state = this.stateOf(room, rev);
    if (rev < state.next) return;
    if (rev > state.next && state.held.size >= MAX_HELD_PER_ROOM)
      this.skipTo(room, state, Math.min(...state.held.keys()));
    state.held.set(rev, delivery);
    this.release(room, state);
  }

  /**
   * Sockets came into a room that stands at `rev`. What was published before they were in leaves now, and what nobody here has heard
   * of is looked for once.
   */
  begin(room: Room, rev: number): void {
    if (!this.hooks.hasListeners(room) || this.rooms.has(room)) return;
    const state = this.stateOf(room, rev + 1);
    state.beginning = true;
    this.waitForGap(room, state);
    for (const unheard of this.unheardIn(room)) if (revOf(unheard) > rev) state.held.set(revOf(unheard), unheard);
    this.unheard.delete(room);
    this.release(room, state);
  }

  /** Was something later than `rev` heard of before the sockets were in the room? */
  hasUnheard(room: Room, rev: number): boolean {
    return this.unheardIn(room).some((delivery) => revOf(delivery) > rev);
  }

  /** Have events up to `rev` still to leave this process? */
  isBehind(room: Room, rev: number): boolean {
    return (this.rooms.peek(room)?.next ?? Number.MAX_SAFE_INTEGER) <= rev;
  }

  /** Nothing more will come: sends what is held, and forgets the room. */
  finish(room: Room): void {
    const state = this.rooms.get(room);
    if (state) this.skipTo(room, state, Number.MAX_SAFE_INTEGER);
    this.rooms.delete(room);
    this.unheard.delete(room);
  }

  close(): void {
    this.rooms.clear();
    this.unheard.clear();
  }

  private unheardIn(room: Room): Delivery[] {
    return this.unheard.get(room) ?? [];
  }

  private stateOf(room: Room, firstRev: number): RoomState {
    let state = this.rooms.get(room);
    if (!state) {
      state = { next: firstRev, held: new Map(), gapTimer: null, beginning: false };
      this.rooms.set(room, state);
    }
    return state;
  }

  private release(room: Room, state: RoomState): void {
    for (let delivery = state.held.get(state.next); delivery; delivery = state.held.get(state.next)) {
      state.held.delete(state.next);
      state.next += 1;
      this.hooks.emit(room, delivery);
    }
    if (state.held.size === 0) {
      if (state.gapTimer && !state.beginning) clearTimeout(state.gapTimer);
      if (!state.beginning) state.gapTimer = null;
    } else if (!state.gapTimer) this.waitForGap(room, state);
  }

  private waitForGap(room: Room, state: RoomState): void {
    state.gapTimer = setTimeout(() => void this.fillGap(room, state), this.gapWaitMs);
    state.gapTimer.unref();
  }

  private async fillGap(room: Room, state: RoomState): Promise<void> {
    const until = state.held.size === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...state.held.keys());
    const found = await this.hooks.missed(room, state.next - 1, until).catch(() => []);
    if (until !== Number.MAX_SAFE_INTEGER && found.length < until - state.next) {
      // What left no trace may have been the end of somebody's membership, of which nobody here was told.
      const isChecked = await this.hooks.recheck(room).then(
        () => true,
        () => false,
      );
      if (this.rooms.peek(room) !== state) return;
      if (!isChecked) return this.waitForGap(room, state);
    }
    state.gapTimer = null;
    state.beginning = false;
    if (this.rooms.peek(room) !== state) return;
    for (const delivery of found) {
      const { rev } = delivery.envelope;
      if (rev !== undefined && rev >= state.next) state.held.set(rev, delivery);
    }
    if (until === Number.MAX_SAFE_INTEGER) this.release(room, state);
    else this.skipTo(room, state, until);
  }

  /** Sends what is there below `rev`, and goes on from it: a rev without an event of its own leaves no trace to wait for. */
  private skipTo(room: Room, state: RoomState, rev: number): void {
    const below = [...state.held.keys()].filter((each) => each < rev).sort((a, b) => a - b);
    for (const each of below) {
      this.hooks.emit(room, state.held.get(each)!);
      state.held.delete(each);
    }
    state.next = Math.max(state.next, rev);
    this.release(room, state);
  }
}

/** Of what has a place in the order. */
const revOf = ({ envelope }: Delivery): number => envelope.rev!;
