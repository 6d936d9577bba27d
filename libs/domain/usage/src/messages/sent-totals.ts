import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';
import { UsageMeters } from '../usage-meters';

const MAX_TENANTS = 50_000;
/** When the hint is older than this, it is refreshed in the background. */
const HINT_AFTER_MS = 200;
/** When the hint is older than this, the caller waits for the refresh. */
const HINT_TOO_OLD_MS = 500;
/** The sum is recomputed at this interval, and never for more than a hundredth of the time. */
const SUM_AFTER_MS = 5_000;
const SUM_SHARE = 100;
/** The longest that a send waits for Redis. After that it proceeds without the other processes' numbers, as while Redis is unavailable. */
const WAIT_FOR_HINT_MS = 50;
const HINTS_KEPT_SECONDS = 40 * 24 * 60 * 60;

/** The state of one tenant and month. */
interface State {
  /** Messages sent by this process since it started. */
  own: number;
  /** How many of `own` are already in Redis. */
  told: number;
  /** Total of all processes according to Redis; null while it is unavailable. */
  hint: number | null;
  hintAtMs: number;
  /** Redis did not answer the last request in time. */
  isSilent: boolean;
  sum: Sum | null;
  hinting: Promise<void> | null;
  summing: Promise<void> | null;
}

interface Sum {
  stored: number;
  /** The values when the sum began. */
  own: number;
  hint: number | null;
  atMs: number;
  tookMs: number;
}

export interface Total {
  /** The stored total, as of some moment in the last seconds. */
  stored: number;
  /** `stored` plus what was sent since, by this process and, up to half a second ago, by others. */
  likely: number;
}

/**
 * An estimate of how many messages a tenant has sent in a month, kept in memory so that a send needs no query. The stored total is
 * summed every few seconds. In between, processes share their numbers of sent messages through a counter in Redis. That counter may be
 * lost: it is only used for the difference since the last sum.
 */
@Injectable()
export class SentTotals {
  private readonly states = new LRUCache<string, State>({ max: MAX_TENANTS });

  constructor(
    private readonly meters: UsageMeters,
    private readonly redis: RedisConnections,
  ) {}

  /** @param ctx outside a transaction, because other requests share what it reads */
  async of(ctx: RequestContext, month: string): Promise<Total> {
    const key = keyOf(ctx, month);
    const state = this.stateOf(key);
    if (!state.sum) await this.addUp(ctx, month, state);
    const now = performance.now();
    // Errors of either refresh are ignored: the next call tries again.
    if (now - state.hintAtMs > HINT_TOO_OLD_MS) await this.exchangeSoon(key, state);
    else if (now - state.hintAtMs > HINT_AFTER_MS) void this.exchange(key, state);
    if (now - state.sum!.atMs > pauseAfter(state.sum!)) this.addUp(ctx, month, state).catch(() => undefined);
    return { stored: state.sum!.stored, likely: likelyOf(state)! };
  }

  /** Without any query; null when nothing is known. */
  likely(ctx: RequestContext, month: string): number | null {
    const state = this.states.get(keyOf(ctx, month));
    return state ? likelyOf(state) : null;
  }

  /** Records committed messages of this process. */
  sent(ctx: RequestContext, month: string, count: number): void {
    const state = this.states.get(keyOf(ctx, month));
    if (state) state.own += count;
  }

  /** Takes a stored total that the caller has read. */
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

  /** Adds this process's new messages to Redis, and reads the total of all processes. */
  private exchange(key: string, state: State): Promise<void> {
    state.hinting ??= this.tell(key, state).finally(() => (state.hinting = null));
    return state.hinting;
  }

  /** Resolves when the exchange is done, or after `WAIT_FOR_HINT_MS`; at once if Redis did not answer the last request. */
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

/** Without Redis, messages of other processes are unknown until the next sum, so sum more often. */
const pauseAfter = ({ hint, tookMs }: Sum): number =>
  hint === null ? Math.max(1_000, tookMs * (SUM_SHARE / 5)) : Math.max(SUM_AFTER_MS, tookMs * SUM_SHARE);

function likelyOf({ sum, own, told, hint }: State): number | null {
  if (!sum) return null;
  // Redis was emptied or is unavailable: only this process's own messages are known.
  if (hint === null || sum.hint === null || hint < sum.hint) return sum.stored + (own - sum.own);
  return sum.stored + (hint - sum.hint) + (own - told);
}

const keyOf = ({ tenantId }: RequestContext, month: string): string => `caas:sent:${tenantId}:${month}`;
