import { CaasError } from '#caas/kernel';
import { TokenBucket } from '#caas/platform/concurrency';
import type { Rate } from './rate';

/** Counts points over all processes, in windows that begin with their first point. */
export interface PointCounter {
  /** Never rejects. When a fallback replaces the shared count, `isShared` is false. */
  add(key: string, points: number, seconds: number): Promise<Counted>;
  /** Sets the count to `points` for this many seconds, whatever it was before. */
  fill(key: string, points: number, seconds: number): void;
}

export interface Counted {
  /** Points consumed in the window, including those just added. */
  consumed: number;
  /** Until the window ends. */
  msLeft: number;
  /** Whether these points began the window. */
  isFirst: boolean;
  /** False when this process counted only for itself. */
  isShared: boolean;
}

interface Question {
  points: number;
  /** How many of them were already given on trust. */
  trusted: number;
  askedAtMs: number;
}

interface Waiting {
  points: number;
  resolve(admitted: boolean): void;
}

/** The part of the rate that all processes together may give before any of them has asked the shared count. */
const ON_TRUST = 0.05;
/**
 * The part of a window's remaining points that one process may fetch ahead. Fetched points that it does not use are lost to the
 * others.
 */
const FETCHED_AHEAD = 0.2;
/** Pacing applies to windows of up to this length, so that a caller cannot spend a full second's points in one burst every second. */
const LONGEST_PACED_SECONDS = 1;
/** The burst of a paced caller, as a part of a second's points. */
const PACED_BURST = 0.1;
/**
 * Longer windows, such as limits per hour, protect against abuse: their points are counted one by one, without trust or fetching
 * ahead.
 */
const LONGEST_TOLERANT_SECONDS = 60;
/** While a budget is exhausted, calls take the full path again after this time: there a change of the rate is noticed. */
const LOOK_AGAIN_MS = 1_000;

/**
 * One budget, as one process sees it. The process fetches points from the shared count in batches and ahead of need, so a call
 * rarely waits for it. Fetched points are counted, so no number of processes admits more than the rate.
 * - Fetching ahead: a process fetches no more than it needed just now or in the window before, and less as the window has less
 *   left. The last points are fetched one by one. Once there are none, the process asks no more until the window ends.
 * - Trust: a caller who calls seldom is not worth a query. The first points of a window are given on trust, and counted with the
 *   first points that are fetched. For all processes together they are 5 % of the rate.
 * - Pacing: a caller who asked for more than the rate in a window of a second gets the next window's points evenly.
 */
export class RateBudget {
  private left = 0;
  private rest: number;
  private endsAtMs = 0;
  private isSpent = false;
  private shutUntilMs = 0;
  private ahead = 0;
  private isKnown = false;
  private trusted = 0;
  /** Points that this process gave in this window, and in the window before. */
  private spent = 0;
  private spentBefore = 0;
  private isAsking = false;
  private waiting: Waiting[] = [];
  private wanted = 0;
  /** Set when the caller asked for more than the rate in the window before. */
  private pace: TokenBucket | null = null;
  private isExceeded = false;

  /** @param processes the number of processes that share the rate while it cannot be counted in common */
  constructor(
    private readonly key: string,
    private current: Rate,
    private readonly counter: PointCounter,
    private readonly processes: number,
  ) {
    this.rest = current.points;
  }

  get rate(): Rate {
    return this.current;
  }

  /** Points left in this window, as far as this process knows. */
  get remaining(): number {
    return Math.max(0, this.left + this.rest);
  }

  /** Seconds until the window ends; the length of the window when none has begun. */
  resetSeconds(nowMs: number): number {
    if (nowMs >= this.endsAtMs) return this.rate.seconds;
    return Math.ceil((this.endsAtMs - nowMs) / 1000);
  }

  /** @returns whether the points were available; a promise where the shared count must be asked first */
  take(cost: number, nowMs: number): boolean | Promise<boolean> {
    const points = Math.min(cost, this.rate.points);
    if (nowMs >= this.endsAtMs) this.forget(nowMs);
    if (this.pace && !this.pace.spend(points, nowMs)) {
      this.isExceeded = true;
      return false;
    }
    if (this.waiting.length === 0 && this.left >= points) {
      this.left -= points;
      this.spent += points;
      if (this.left < this.ahead / 2 && !this.isSpent) this.ask();
      return true;
    }
    if (!this.isKnown && this.isTrusted(points, nowMs)) return true;
    if (this.isSpent) {
      this.isExceeded = true;
      this.shut(nowMs);
      return false;
    }
    this.wanted += points;
    return new Promise((resolve) => {
      this.waiting.push({ points, resolve });
      this.ask();
    });
  }

  /** Returns points that were taken and then not used. */
  giveBack(points: number): void {
    this.left += points;
  }

  /** Whether every call would be refused now. It is asked for each packet of a flood, so it answers from memory. */
  isExhausted(nowMs: number): boolean {
    if (nowMs < this.shutUntilMs && this.left < 1) return true;
    if (nowMs < this.endsAtMs && this.pace?.isEmpty(nowMs)) return (this.isExceeded = true);
    return this.wanted >= 2 * this.rate.points;
  }

  refusal(): CaasError {
    const retryAfterSeconds = this.resetSeconds(performance.now());
    return new CaasError('too_many', 'rate_limited', this.rate.detail, [], { retryAfterSeconds });
  }

  /** Changes the rate; the length of the window stays the same. */
  changeTo(rate: Rate): void {
    const isSame = rate.points === this.rate.points;
    this.current = rate;
    if (isSame) return;
    this.pace = null;
    this.isSpent = false;
    this.shutUntilMs = 0;
  }

  /** Refuses everything for this many seconds, on every process. */
  block(seconds: number, nowMs: number): void {
    this.counter.fill(this.key, this.rate.points, seconds);
    this.left = this.rest = 0;
    this.isKnown = this.isSpent = true;
    this.endsAtMs = nowMs + 1000 * seconds;
    this.shut(nowMs);
  }

  private forget(nowMs: number): void {
    const { points, seconds } = this.rate;
    if (!this.isExceeded || seconds > LONGEST_PACED_SECONDS) this.pace = null;
    else this.pace ??= pacing(points / seconds, nowMs);
    this.isExceeded = false;
    if (this.spent > 0) this.spentBefore = this.spent;
    this.spent = 0;
    this.left = this.ahead = this.trusted = 0;
    this.rest = this.rate.points;
    this.isKnown = this.isSpent = false;
    this.shutUntilMs = 0;
  }

  /** For a window whose shared count has not been asked yet. */
  private isTrusted(points: number, nowMs: number): boolean {
    const mostTrusted = this.isTolerant && !this.isAsking ? (ON_TRUST * this.rate.points) / this.processes : 0;
    if (this.trusted + points > mostTrusted) return false;
    if (this.trusted === 0) this.endsAtMs = nowMs + 1000 * this.rate.seconds;
    this.trusted += points;
    this.spent += points;
    this.rest -= points;
    // A caller with more calls in the window before will probably call again: ask now, so that it need not wait.
    if (this.trusted + 1 > mostTrusted && this.spentBefore > this.spent) this.ask();
    return true;
  }

  private get isTolerant(): boolean {
    return this.rate.seconds <= LONGEST_TOLERANT_SECONDS;
  }

  private shut(nowMs: number): void {
    this.shutUntilMs = Math.min(this.endsAtMs, nowMs + LOOK_AGAIN_MS);
  }

  private ask(): void {
    if (this.isAsking) return;
    this.isAsking = true;
    const { trusted } = this;
    this.trusted = 0;
    if (!this.isKnown && this.isTolerant) {
      this.ahead = Math.min(this.spentBefore, Math.floor(FETCHED_AHEAD * this.rate.points));
    }
    const points = Math.max(1, this.wanted - this.left + this.ahead) + trusted;
    const askedAtMs = performance.now();
    void this.counter
      .add(this.key, points, this.rate.seconds)
      .then((counted) => this.settle({ points, trusted, askedAtMs }, counted));
  }

  private settle(
    { points: asked, trusted, askedAtMs }: Question,
    { consumed, msLeft, isFirst, isShared }: Counted,
  ): void {
    this.isAsking = false;
    this.isKnown = true;
    const nowMs = performance.now();
    // Points that were fetched earlier belong to a window that has ended.
    if (isFirst || nowMs >= this.endsAtMs) this.left = 0;
    const most = isShared ? this.rate.points : Math.max(1, Math.floor(this.rate.points / this.processes));
    const granted = Math.min(asked, Math.max(0, most - (consumed - asked)));
    this.left = Math.max(0, this.left + granted - trusted);
    this.rest = Math.max(0, most - consumed);
    this.isSpent = granted < asked;
    // Counted from the time of the query, so that it is rather too early than too late: fetched points must not outlive their
    // window.
    this.endsAtMs = askedAtMs + msLeft;
    this.ahead = this.isTolerant ? Math.min(Math.max(1, 2 * this.ahead), Math.floor(FETCHED_AHEAD * this.rest)) : 0;
    this.serve(nowMs);
  }

  private serve(nowMs: number): void {
    const unserved: Waiting[] = [];
    for (const each of this.waiting) {
      if (each.points <= this.left && unserved.length === 0) {
        this.left -= each.points;
        this.spent += each.points;
        this.wanted -= each.points;
        each.resolve(true);
      } else if (this.isSpent) {
        this.wanted -= each.points;
        this.isExceeded = true;
        each.resolve(false);
      } else unserved.push(each);
    }
    this.waiting = unserved;
    if (this.isSpent) this.shut(nowMs);
    else if (unserved.length > 0) this.ask();
  }
}

const pacing = (perSecond: number, nowMs: number) =>
  new TokenBucket(perSecond, Math.max(1, PACED_BURST * perSecond), nowMs);
