import { firstRevOf, isMessage, type Delivery, type RoomPosition } from './delivery';
import { HeldEvents, type MissingNumbers } from './held-events';

/** Stands for an unknown number; real numbers begin at 1. */
const UNKNOWN = 0;
const MAX_HELD = 1_000;

/** What must arrive or be given up before the events that have waited long enough can be sent. */
export interface Gap {
  /** All messages below this `seq` are to be sent. */
  seqBound: number;
  /** All changes below this `rev` are to be sent. */
  revBound: number;
  seqs: MissingNumbers | null;
  revs: MissingNumbers | null;
  /** No held event stands for some of the missing revs. */
  hasUntracedRevs: boolean;
}

/**
 * The order of one room's events: messages are sent by `seq`, changes by `rev`. A message waits for the change that its
 * `afterRev` names, and a change for the message that its `seq` names. While a number is unknown, it begins with the first event
 * that has it.
 */
export class Resequencer {
  /** The number of the next message to send. Earlier ones were sent or given up. */
  private nextSeq = UNKNOWN;
  private nextRev = UNKNOWN;
  /** The last numbers that were sent. An event that was given up may still be sent until a later one of its kind has been. */
  private leftSeq = UNKNOWN - 1;
  private leftRev = UNKNOWN - 1;
  /** While `nextSeq` is unknown: the highest `seq` that a sent change was about. No message up to it is sent after that change. */
  private changedSeq = UNKNOWN - 1;
  private readonly messages = new HeldEvents(({ number }) => number);
  private readonly changes = new HeldEvents(({ delivery }) => firstRevOf(delivery));
  /** Later events show the changes with the revs from this one to `nextRev`: the next change that is sent stands for them. */
  private coveredFrom = UNKNOWN;
  private hasDropped = false;

  constructor(private readonly emit: (delivery: Delivery) => void) {}

  get heldCount(): number {
    return this.messages.size + this.changes.size;
  }

  /** When the oldest held event arrived, by `performance.now()`; null when none is held. */
  get oldestMs(): number | null {
    let oldest = Infinity;
    for (const { sinceMs } of this.messages) oldest = Math.min(oldest, sinceMs);
    for (const { sinceMs } of this.changes) oldest = Math.min(oldest, sinceMs);
    return oldest === Infinity ? null : oldest;
  }

  /** The last numbers that were sent, -1 where unknown. */
  get left(): RoomPosition {
    return { seq: this.leftSeq, rev: this.leftRev };
  }

  /** The highest numbers that were sent or are held, -1 where unknown. */
  get last(): RoomPosition {
    return { seq: this.messages.last?.number ?? this.nextSeq - 1, rev: this.changes.last?.number ?? this.nextRev - 1 };
  }

  /** Sets numbers that are still unknown to begin after a position. */
  begin({ seq, rev }: RoomPosition): void {
    if (this.nextSeq === UNKNOWN) this.beginMessagesAfter(Math.max(seq, this.changedSeq));
    if (this.nextRev === UNKNOWN) this.beginChangesAfter(rev);
    this.release();
  }

  /** Accepts a published event. It is sent now or later, or never when its number has passed. */
  offer(delivery: Delivery): void {
    const { seq, rev } = delivery.envelope;
    // The event is late or was published twice. Clients have received a change of this message or of a later one, and ask for
    // what they lack.
    if (this.nextSeq === UNKNOWN && isMessage(delivery.envelope) && seq! <= this.changedSeq) return;
    this.beginWith(delivery);
    if (isMessage(delivery.envelope)) {
      if (seq! <= this.leftSeq) return;
      if (!this.mayMessageLeave(delivery)) return this.hold(this.messages, seq!, delivery);
      this.sendMessage(delivery);
    } else {
      if (rev! <= this.leftRev) return;
      if (!this.mayChangeLeave(delivery)) return this.hold(this.changes, rev!, delivery);
      this.sendChange(delivery);
    }
    if (this.heldCount > 0) this.release();
  }

  /** Adds events that were found in the database. */
  add(found: readonly Delivery[]): void {
    for (const delivery of found) {
      this.beginWith(delivery);
      if (isMessage(delivery.envelope)) this.messages.add(delivery.envelope.seq!, delivery);
      else {
        const known = this.changes.add(delivery.envelope.rev!, delivery)?.delivery;
        if (known?.envelope.type.startsWith('message.')) known.baseRev ??= delivery.baseRev;
      }
    }
    this.release();
  }

  /** Whether events were dropped because too many were held. Returns true once. */
  takeDropped(): boolean {
    const had = this.hasDropped;
    this.hasDropped = false;
    return had;
  }

  /** What blocks the events that have been held since `heldSinceMs` or longer; null when there are none. */
  gap(heldSinceMs: number): Gap | null {
    let [seqBound, revBound] = [this.nextSeq, this.nextRev];
    for (let before = -1; before !== seqBound + revBound;) {
      before = seqBound + revBound;
      for (const { number, delivery, sinceMs } of this.messages) {
        if (sinceMs > heldSinceMs && number >= seqBound) continue;
        seqBound = Math.max(seqBound, number + 1);
        if (delivery.afterRev !== undefined) revBound = Math.max(revBound, delivery.afterRev + 1);
      }
      for (const { number, delivery, sinceMs } of this.changes) {
        if (sinceMs > heldSinceMs && firstRevOf(delivery) >= revBound) continue;
        revBound = Math.max(revBound, number + 1);
        if (!this.isAfterItsMessage(delivery)) seqBound = Math.max(seqBound, delivery.envelope.seq! + 1);
      }
    }
    if (seqBound === this.nextSeq && revBound === this.nextRev) return null;
    const seqs = this.messages.missing(this.nextSeq, seqBound);
    const revs = this.changes.missing(this.nextRev, revBound);
    return { seqBound, revBound, seqs, revs, hasUntracedRevs: revs !== null && revs.count > this.tracedAmong(revs) };
  }

  /** Gives up the missing numbers of a gap: all held events below its bounds are sent. */
  skip({ seqBound, revBound }: Gap): void {
    do this.release();
    while (this.skipSeqs(seqBound) || this.skipRevs(revBound) || this.breakCircle(seqBound, revBound));
  }

  /** Sends all held events. */
  flush(): void {
    const gap = this.gap(Infinity);
    if (gap) this.skip(gap);
  }

  private beginWith(delivery: Delivery): void {
    const { envelope, afterRev } = delivery;
    if (isMessage(envelope)) {
      if (this.nextSeq === UNKNOWN) this.beginMessagesAfter(envelope.seq! - 1);
      // The change that it names may have been sent before this process began to listen, or may still come: the message does not
      // wait for it.
      if (this.nextRev === UNKNOWN && afterRev !== undefined) this.beginChangesAfter(afterRev, 0);
    } else if (this.nextRev === UNKNOWN) this.beginChangesAfter(firstRevOf(delivery) - 1);
  }

  private beginMessagesAfter(seq: number): void {
    this.nextSeq = seq + 1;
    this.leftSeq = seq;
  }

  private beginChangesAfter(rev: number, leftRev = rev): void {
    this.nextRev = rev + 1;
    this.leftRev = leftRev;
  }

  private mayMessageLeave({ envelope, afterRev }: Delivery): boolean {
    return envelope.seq! <= this.nextSeq && (afterRev === undefined || afterRev < this.nextRev);
  }

  private mayChangeLeave(delivery: Delivery): boolean {
    return firstRevOf(delivery) <= this.nextRev && this.isAfterItsMessage(delivery);
  }

  private isAfterItsMessage({ envelope: { seq } }: Delivery): boolean {
    return seq === undefined || seq < this.nextSeq || this.nextSeq === UNKNOWN;
  }

  /** Beyond the limit an event is dropped: it is searched for in the database, as if it had not been received. */
  private hold(among: HeldEvents, number: number, delivery: Delivery): void {
    if (this.heldCount >= MAX_HELD) this.hasDropped = true;
    else among.add(number, delivery);
  }

  private release(): void {
    while (this.releaseChange() || this.releaseMessage());
  }

  private releaseChange(): boolean {
    const { head } = this.changes;
    if (!head) return false;
    const hasPassed = head.number <= this.leftRev;
    if (!hasPassed && !this.mayChangeLeave(head.delivery)) return false;
    this.changes.removeHead();
    if (!hasPassed) this.sendChange(head.delivery);
    return true;
  }

  private releaseMessage(): boolean {
    const { head } = this.messages;
    if (!head) return false;
    const hasPassed = head.number <= this.leftSeq;
    if (!hasPassed && !this.mayMessageLeave(head.delivery)) return false;
    this.messages.removeHead();
    if (!hasPassed) this.sendMessage(head.delivery);
    return true;
  }

  private sendMessage(delivery: Delivery): void {
    const seq = delivery.envelope.seq!;
    this.leftSeq = seq;
    if (seq >= this.nextSeq) this.nextSeq = seq + 1;
    this.emit(delivery);
  }

  private sendChange(delivery: Delivery): void {
    const rev = delivery.envelope.rev!;
    if (this.nextSeq === UNKNOWN) this.changedSeq = Math.max(this.changedSeq, delivery.envelope.seq ?? UNKNOWN);
    const from = this.coveredFrom === UNKNOWN ? rev : Math.max(this.coveredFrom, this.leftRev + 1);
    this.leftRev = rev;
    if (rev >= this.nextRev) {
      this.nextRev = rev + 1;
      this.coveredFrom = UNKNOWN;
    }
    this.emit(from < firstRevOf(delivery) ? standingFor(delivery, from) : delivery);
  }

  private skipSeqs(bound: number): boolean {
    const next = Math.min(this.messages.head?.number ?? bound, bound);
    if (next <= this.nextSeq) return false;
    this.nextSeq = next;
    return true;
  }

  private skipRevs(bound: number): boolean {
    const { head } = this.changes;
    const next = Math.min(head ? firstRevOf(head.delivery) : bound, bound);
    if (next <= this.nextRev) return false;
    const bases = this.baseRevs();
    let from = next;
    while (from > this.nextRev && bases.has(from - 1)) from -= 1;
    const isAllCovered = from === this.nextRev && this.coveredFrom !== UNKNOWN;
    if (!isAllCovered) this.coveredFrom = from < next ? from : UNKNOWN;
    this.nextRev = next;
    return true;
  }

  /** No valid history has a message and a change that wait for each other. Even with invalid input, no event is held for ever. */
  private breakCircle(seqBound: number, revBound: number): boolean {
    const [message, change] = [this.messages.head, this.changes.head];
    if (change && change.number < revBound) {
      this.changes.removeHead();
      this.sendChange(change.delivery);
    } else if (message && message.number < seqBound) {
      this.messages.removeHead();
      this.sendMessage(message.delivery);
    } else return false;
    return true;
  }

  /** Revs that a held event also stands for, since it shows the whole message that changed. */
  private baseRevs(): Set<number> {
    const bases = new Set<number>();
    for (const { delivery } of this.changes) if (delivery.baseRev !== undefined) bases.add(delivery.baseRev);
    return bases;
  }

  private tracedAmong({ first, last }: MissingNumbers): number {
    return [...this.baseRevs()].filter((rev) => first <= rev && rev <= last && !this.changes.has(rev)).length;
  }
}

function standingFor(delivery: Delivery, from: number): Delivery {
  const { envelope } = delivery;
  const covers: [number, number] = [from, envelope.rev!];
  return { ...delivery, envelope: { ...envelope, covers } };
}
