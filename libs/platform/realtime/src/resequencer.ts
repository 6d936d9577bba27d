import { firstRevOf, isMessage, type Delivery, type RoomPosition } from './delivery';
import { HeldEvents, type MissingNumbers } from './held-events';

/** No number is this one: they begin at 1. */
const UNKNOWN = 0;
const MAX_HELD = 1_000;

/** What must be known, or given up, before events leave that have waited long enough. */
export interface Gap {
  /** Every message below it is to leave. */
  seqBound: number;
  /** Every change below it is to leave. */
  revBound: number;
  seqs: MissingNumbers | null;
  revs: MissingNumbers | null;
  /** For some of the revs no event stands. */
  hasUntracedRevs: boolean;
}

/**
 * The order of one room: messages leave by `seq`, changes by `rev`. A message waits for the change that it names by `afterRev`,
 * and a change for the message that it names by `seq`. A number of which nothing was heard so far begins with the first event that
 * has it.
 */
export class Resequencer {
  /** The number of the message that leaves next. Those below have left, or were given up and are not waited for. */
  private nextSeq = UNKNOWN;
  private nextRev = UNKNOWN;
  /** The last numbers that left. What was given up may still leave while nothing later of its kind has. */
  private leftSeq = UNKNOWN - 1;
  private leftRev = UNKNOWN - 1;
  /** While messages are not known: the highest `seq` that a change which left was about. No message up to it leaves after that change. */
  private changedSeq = UNKNOWN - 1;
  private readonly messages = new HeldEvents(({ number }) => number);
  private readonly changes = new HeldEvents(({ delivery }) => firstRevOf(delivery));
  /** Later events show what changed by the revs from this one to `nextRev`: the next change that leaves stands for them. */
  private coveredFrom = UNKNOWN;
  private hasDropped = false;

  constructor(private readonly emit: (delivery: Delivery) => void) {}

  get heldCount(): number {
    return this.messages.size + this.changes.size;
  }

  /** Since when the oldest of what is held waits, by `performance.now()`; null when nothing does. */
  get oldestMs(): number | null {
    let oldest = Infinity;
    for (const { sinceMs } of this.messages) oldest = Math.min(oldest, sinceMs);
    for (const { sinceMs } of this.changes) oldest = Math.min(oldest, sinceMs);
    return oldest === Infinity ? null : oldest;
  }

  /** The last numbers that left, -1 where that is not known. */
  get left(): RoomPosition {
    return { seq: this.leftSeq, rev: this.leftRev };
  }

  /** The highest numbers that left or are held, -1 where none is known. */
  get last(): RoomPosition {
    return { seq: this.messages.last?.number ?? this.nextSeq - 1, rev: this.changes.last?.number ?? this.nextRev - 1 };
  }

  /** Numbers that are not known yet begin after a position. */
  begin({ seq, rev }: RoomPosition): void {
    if (this.nextSeq === UNKNOWN) this.beginMessagesAfter(Math.max(seq, this.changedSeq));
    if (this.nextRev === UNKNOWN) this.beginChangesAfter(rev);
    this.release();
  }

  /** An event that was published. It leaves now, later, or never when its number has passed. */
  offer(delivery: Delivery): void {
    const { seq, rev } = delivery.envelope;
    // Late, or published once more: clients have been told of a change of it or of a later one, and ask for what they lack.
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

  /** Events that were found in the database. */
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

  /** Were events dropped, since too many were held? Answers once. */
  takeDropped(): boolean {
    const had = this.hasDropped;
    this.hasDropped = false;
    return had;
  }

  /** What keeps events back that have been held since then or longer; null when there are none. */
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

  /** Gives up what is missing in a gap: all below its bounds leaves. */
  skip({ seqBound, revBound }: Gap): void {
    do this.release();
    while (this.skipSeqs(seqBound) || this.skipRevs(revBound) || this.breakCircle(seqBound, revBound));
  }

  /** Sends all that is held. */
  flush(): void {
    const gap = this.gap(Infinity);
    if (gap) this.skip(gap);
  }

  private beginWith(delivery: Delivery): void {
    const { envelope, afterRev } = delivery;
    if (isMessage(envelope)) {
      if (this.nextSeq === UNKNOWN) this.beginMessagesAfter(envelope.seq! - 1);
      // Its change may have left before this began, or may still come: it is not waited for.
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

  /** What is too much is not kept: it is looked for in the database, as if it had not been heard. */
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

  /** No valid history has a message and a change that wait for each other; whatever comes, nothing is held for ever. */
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

  /** Revs that a later event stands for, since it shows the whole message that changed. */
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
