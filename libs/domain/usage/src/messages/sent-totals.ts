import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';
import { UsageMeters } from '../usage-meters';

const MAX_TENANTS = 50_000;
/** What others have sent is asked for at this age, while whoever asks has what is known. */
const HINT_AFTER_MS = 200;
/** Of this age, whoever asks waits. */
const HINT_TOO_OLD_MS = 500;
/** Added up anew so often, and never for more than a hundredth of the time. */
const SUM_AFTER_MS = 5_000;
const SUM_SHARE = 100;
/** No send waits longer for Redis: what others have sent is then not known, as while it is away. */
const WAIT_FOR_HINT_MS = 50;
const HINTS_KEPT_SECONDS = 40 * 24 * 60 * 60;

/** Of one tenant and month. */
interface State {
  /** What this process has sent since it began. */
  own: number;
  /** How much of that Redis knows. */
  told: number;
  /** What all processes have told Redis; null while it is away. */
  hint: number | null;
  hintAtMs: number;
  /** It did not answer, or not in time, when it was last asked. */
  isSilent: boolean;
  sum: Sum | null;
  hinting: Promise<void> | null;
  summing: Promise<void> | null;
}

interface Sum {
  stored: number;
  /** As they were when the adding up began. */
  own: number;
  hint: number | null;
  atMs: number;
  tookMs: number;
}

export interface Total {
  /** Was stored, at some moment of the last seconds. */
  stored: number;
  /** With what was sent since, by this process and, half a second ago at most, by others. */
  likely: number;
}

/**
 * How many messages a tenant has sent in a month, as it was a moment ago, so that a send asks nothing. What is stored is added up
 * every few seconds; in between, processes tell each other by a number in Redis how many they have sent. That number may be lost:
 * it says only how much more there is since the last sum.
 */
@Injectable()
export class SentTotals {
  private readonly states = new LRUCache<string, State>({ max: MAX_TENANTS });

  constructor(
    private readonly meters: UsageMeters,
    private readonly redis: RedisConnections,
  ) {}

  /** @param ctx of no transaction: what is read is read for others too */
  async of(ctx: RequestContext, month: string): Promise<Total> {
    const key = keyOf(ctx, month);
    const state = this.stateOf(key);
    if (!state.sum) await this.addUp(ctx, month, state);
    const now = performance.now();
    // A failure of either is nobody's: the next one to ask tries again.
    if (now - state.hintAtMs > HINT_TOO_OLD_MS) await this.exchangeSoon(key, state);
    else if (now - state.hintAtMs > HINT_AFTER_MS) void this.exchange(key, state);
    if (now - state.sum!.atMs > pauseAfter(state.sum!)) this.addUp(ctx, month, state).catch(() => undefined);
    return { stored: state.sum!.stored, likely: likelyOf(state)! };
  }

  /** Without asking; null where nothing is known. */
  likely(ctx: RequestContext, month: string): number | null {
    const state = this.states.get(keyOf(ctx, month));
    return state ? likelyOf(state) : null;
  }

  /** This process has sent, and it is committed. */
  sent(ctx: RequestContext, month: string, count: number): void {
    const state = this.states.get(keyOf(ctx, month));
    if (state) state.own += count;
  }

  /** Somebody found out for another reason. */
  learn(ctx: RequestContext, month: string, stored: number): void {
    const state = this.states.get(keyOf(ctx, month));
    if (state?.sum) state.sum = { ...state.sum, stored, own: state.own, hint: state.hint };
  }

  private stateOf(key: string): State {
    let state = this.states.get(key);
    if (!state) {
      state = {
        own: 0,
        told: 0,
        hint: null,
        hintAtMs: -Infinity,
        isSilent: false,
        sum: null,
        hinting: null,
        summing: null,
      };
      this.states.set(key, state);
    }
    return state;
  }

  /** Tells Redis what it does not know of this process, and hears of the others. */
  private exchange(key: string, state: State): Promise<void> {
    state.hinting ??= this.tell(key, state).finally(() => (state.hinting = null));
    return state.hinting;
  }

  /** Resolves when it is done, or will not be soon: nobody waits a second time for a Redis that has not answered. */
  private async exchangeSoon(key: string, state: State): Promise<void> {
    const isWaitedFor = !state.isSilent;
    const exchange = this.exchange(key, state);
    if (!isWaitedFor) return;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        state.isSilent = true;
        state.hint = null;
        resolve();
      }, WAIT_FOR_HINT_MS);
    });
    await Promise.race([exchange, tooLate]);
    clearTimeout(timer);
  }

  private async tell(key: string, state: State): Promise<void> {
    const { own, told } = state;
    state.hintAtMs = performance.now();
    try {
      const answers = await this.redis.commands
        .multi()
        .incrby(key, own - told)
        .expire(key, HINTS_KEPT_SECONDS)
        .exec();
      state.told = own;
      state.hint = Number(answers![0]![1]);
      state.isSilent = false;
    } catch {
      state.isSilent = true;
      state.hint = null;
    }
  }

  private addUp(ctx: RequestContext, month: string, state: State): Promise<void> {
    state.summing ??= this.sum(ctx, month, state).finally(() => (state.summing = null));
    return state.summing;
  }

  private async sum(ctx: RequestContext, month: string, state: State): Promise<void> {
    await this.exchangeSoon(keyOf(ctx, month), state);
    const { own, hint } = state;
    const atMs = performance.now();
    const stored = await this.meters.of('messages').total(ctx, month);
    state.sum = { stored, own, hint, atMs, tookMs: performance.now() - atMs };
  }
}

/** Without Redis a second's sends of the others are what is not known. */
const pauseAfter = ({ hint, tookMs }: Sum): number =>
  hint === null ? Math.max(1_000, tookMs * (SUM_SHARE / 5)) : Math.max(SUM_AFTER_MS, tookMs * SUM_SHARE);

function likelyOf({ sum, own, told, hint }: State): number | null {
  if (!sum) return null;
  // Redis was emptied, or is away: what is left is what this process knows of itself.
  if (hint === null || sum.hint === null || hint < sum.hint) return sum.stored + (own - sum.own);
  return sum.stored + (hint - sum.hint) + (own - told);
}

const keyOf = ({ tenantId }: RequestContext, month: string): string => `caas:sent:${tenantId}:${month}`;
