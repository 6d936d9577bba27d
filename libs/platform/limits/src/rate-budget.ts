import { CaasError } from '#caas/kernel';
import { TokenBucket } from '#caas/platform/concurrency';
import type { Rate } from './rate';

/** Points counted over all processes, in windows that begin with their first point. */
export interface PointCounter {
  /** Never rejects: what stands in for the processes' common count says so by `isShared`. */
  add(key: string, points: number, seconds: number): Promise<Counted>;
  /** Counts so many, whatever was counted before, for so long. */
  fill(key: string, points: number, seconds: number): void;
}

export interface Counted {
  /** In the window, with those just added. */
  consumed: number;
  /** Until the window ends. */
  msLeft: number;
  /** Whether they began the window. */
  isFirst: boolean;
  /** False when this process counted for itself alone. */
  isShared: boolean;
}

interface Question {
  points: number;
  /** How many of them are given already. */
  trusted: number;
  askedAtMs: number;
}

interface Waiting {
  points: number;
  resolve(admitted: boolean): void;
}

/** What all processes together may give before any of them has asked, as a part of the rate. */
const ON_TRUST = 0.05;
/** So much of what a window has left may one process fetch ahead: what it then does not use is lost to the others. */
const FETCHED_AHEAD = 0.2;
/** Of windows of a second, so that nobody has a second's worth at once, second after second. */
const LONGEST_PACED_SECONDS = 1;
/** What a caller who is paced may have at once, of a second's worth. */
const PACED_BURST = 0.1;
/** What is limited by the hour is a protection, and counted one by one. */
const LONGEST_TOLERANT_SECONDS = 60;
/** So often does one get through to where a change of the rate would be seen. */
const LOOK_AGAIN_MS = 1_000;

/**
 * One budget as this process sees it. Points are fetched from the common count some at a time and ahead of need, so that a call
 * seldom waits for it; what is fetched is counted, so that no number of processes admits more than the rate. A process fetches
 * ahead no more than it needed just now or in the window before, and the less the less a window has left: its last points are
 * fetched one by one, and once there are none, nobody is asked any more until it ends. Who calls seldom is not worth a question:
 * the first points of a window are given on trust, and counted with the first that are fetched; of all processes together those
 * are 5 % of the rate. Who asked for more than the rate in a window of a second gets the next one's points evenly.
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
  /** Spent here in this window, and in the one before. */
  private spent = 0;
  private spentBefore = 0;
  private isAsking = false;
  private waiting: Waiting[] = [];
  private wanted = 0;
  /** Of who asked for more than the rate in the window before. */
  private pace: TokenBucket | null = null;
  private isExceeded = false;

  /** @param processes among which a rate is divided that cannot be counted in common */
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

  /** What may still be spent in this window, as far as this process knows. */
  get remaining(): number {
    return Math.max(0, this.left + this.rest);
  }

  /** Until the window ends; of one that has not begun, its length. */
  resetSeconds(nowMs: number): number {
    if (nowMs >= this.endsAtMs) return this.rate.seconds;
    return Math.ceil((this.endsAtMs - nowMs) / 1000);
  }

  /** @returns whether the points were there; a promise where the common count has to be asked first */
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

  /** For what was taken and then not used. */
  giveBack(points: number): void {
    this.left += points;
  }

  /** Whether any call would be refused now. Asked for each packet of a flood, and so from memory. */
  isExhausted(nowMs: number): boolean {
    if (nowMs < this.shutUntilMs && this.left < 1) return true;
    if (nowMs < this.endsAtMs && this.pace?.isEmpty(nowMs)) return (this.isExceeded = true);
    return this.wanted >= 2 * this.rate.points;
  }

  refusal(): CaasError {
    const retryAfterSeconds = this.resetSeconds(performance.now());
    return new CaasError('too_many', 'rate_limited', this.rate.detail, [], { retryAfterSeconds });
  }

  /** From now on there is another rate, over a window of the same length. */
  changeTo(rate: Rate): void {
    const isSame = rate.points === this.rate.points;
    this.current = rate;
    if (isSame) return;
    this.pace = null;
    this.isSpent = false;
    this.shutUntilMs = 0;
  }

  /** Nothing to be had for so long, on any process. */
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

  /** In a window of which nothing is known yet. */
  private isTrusted(points: number, nowMs: number): boolean {
    const mostTrusted = this.isTolerant && !this.isAsking ? (ON_TRUST * this.rate.points) / this.processes : 0;
    if (this.trusted + points > mostTrusted) return false;
    if (this.trusted === 0) this.endsAtMs = nowMs + 1000 * this.rate.seconds;
    this.trusted += points;
    this.spent += points;
    this.rest -= points;
    // Who called more often a moment ago will again, and need not wait for it.
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
    // What was fetched before is of a window that is over.
    if (isFirst || nowMs >= this.endsAtMs) this.left = 0;
    const most = isShared ? this.rate.points : Math.max(1, Math.floor(this.rate.points / this.processes));
    const granted = Math.min(asked, Math.max(0, most - (consumed - asked)));
    this.left = Math.max(0, this.left + granted - trusted);
    this.rest = Math.max(0, most - consumed);
    this.isSpent = granted < asked;
    // From when it was asked: early rather than late, since what is fetched must not outlive its window.
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
