import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';
import type { RequestContext, TenantId } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { Metrics } from '#caas/platform/metrics';
import { RATE_CLASSES, type Charge, type RateClass } from './charge';
import { RateBudget } from './rate-budget';
import { limitsConfig } from './limits.config';
import { windowOf, type Rate } from './rate';
import { RatePolicy, type ClassRates, type Rates } from './rate-policy';
import { SharedCounter } from './shared-counter';

const MAX_BUDGETS = 200_000;
const MAX_TENANTS = 10_000;

/** Whose budgets a call is taken from. */
export interface Subject {
  readonly tenantId: TenantId;
  /** Null for the tenant's server, which is limited with its tenant alone, whomever it acts for. */
  readonly userId: string | null;
}

export interface RateDecision {
  /** The budget that had nothing left; null for a call that was admitted. */
  readonly refusedBy: RateBudget | null;
  /** The budgets that the asker is told of: an end user learns nothing of what the rest of the tenant does. */
  readonly reported: readonly RateBudget[];
}

/** Points and seconds of each class; null where there is no limit. */
type Windows = Readonly<Record<RateClass, { tenant: Rate | null; user: Rate | null }>>;

const OPEN: RateDecision = { refusedBy: null, reported: [] };

/** How often tenants, their users, and whoever else has a key here may do what, over all processes together. */
@Injectable()
export class RateLimits {
  private readonly budgets = new LRUCache<string, RateBudget>({ max: MAX_BUDGETS });
  /** By tenant, and made again when its rates change. */
  private readonly windows = new LRUCache<TenantId, { of: Rates; windows: Windows }>({ max: MAX_TENANTS });
  private readonly refusals: Counter;

  constructor(
    private readonly policy: RatePolicy,
    private readonly counter: SharedCounter,
    @InjectConfig(limitsConfig) private readonly config: ConfigOf<typeof limitsConfig>,
    metrics: Metrics,
  ) {
    this.refusals = new Counter({
      name: 'caas_rate_limited_total',
      help: 'Calls that were refused, by the class of call and whose budget was spent',
      labelNames: ['class', 'budget'],
      registers: [metrics.registry],
    });
  }

  /** Takes a call from the budgets of its user and its tenant. One that either refuses costs the tenant nothing. */
  async spend(ctx: RequestContext, { rateClass, points }: Charge): Promise<RateDecision> {
    if (!this.config.RATE_LIMITS) return OPEN;
    const rates = (await this.windowsOf(ctx))[rateClass];
    const subject = subjectOf(ctx);
    const own = subject.userId === null || !rates.user ? null : this.budget(userKey(subject, rateClass), rates.user);
    const whole = rates.tenant && this.budget(tenantKey(subject, rateClass), rates.tenant);
    const nowMs = performance.now();
    // What is known at once is not waited for.
    const byOwn = own?.take(points, nowMs) ?? true;
    if (own && byOwn !== true && !(await byOwn)) return this.refused(rateClass, 'user', own);
    const byWhole = whole?.take(points, nowMs) ?? true;
    if (whole && byWhole !== true && !(await byWhole)) {
      own?.giveBack(points);
      return this.refused(rateClass, 'tenant', whole);
    }
    return { refusedBy: null, reported: own ? [own] : whole && subject.userId === null ? [whole] : [] };
  }

  private refused(rateClass: RateClass, budget: 'user' | 'tenant', by: RateBudget): RateDecision {
    this.refusals.inc({ class: rateClass, budget });
    return { refusedBy: by, reported: [by] };
  }

  /** @throws CaasError `rate_limited` (429) */
  async require(ctx: RequestContext, charge: Charge): Promise<void> {
    const { refusedBy } = await this.spend(ctx, charge);
    if (refusedBy) throw refusedBy.refusal();
  }

  /**
   * The budget that refuses a call now; null when none does for sure. From memory, for what is refused before it is read.
   */
  exhausted(subject: Subject, { rateClass }: Charge): RateBudget | null {
    const nowMs = performance.now();
    const whole = this.budgets.get(tenantKey(subject, rateClass));
    if (whole?.isExhausted(nowMs)) return this.refused(rateClass, 'tenant', whole).refusedBy;
    const own = subject.userId === null ? undefined : this.budgets.get(userKey(subject, rateClass));
    return own?.isExhausted(nowMs) ? this.refused(rateClass, 'user', own).refusedBy : null;
  }

  /** The user may do nothing of a class for so long. */
  async block(ctx: RequestContext, rateClass: RateClass, seconds: number): Promise<void> {
    const { user } = (await this.windowsOf(ctx))[rateClass];
    const subject = subjectOf(ctx);
    if (user && subject.userId !== null) {
      this.budget(userKey(subject, rateClass), user).block(seconds, performance.now());
    }
  }

  /**
   * The budget of something else than a class of calls.
   * @param key names whose it is: the tenant first, when it is a tenant's
   */
  budget(key: string, rate: Rate): RateBudget {
    const known = this.budgets.get(key);
    if (known?.rate === rate) return known;
    if (known?.rate.seconds === rate.seconds) {
      known.changeTo(rate);
      return known;
    }
    const budget = this.open(key, rate);
    this.budgets.set(key, budget);
    return budget;
  }

  /** A budget that the caller keeps. One that is opened again goes on where it was, since it is counted in common. */
  open(key: string, rate: Rate): RateBudget {
    return new RateBudget(`${key}:${rate.seconds}`, rate, this.counter, this.config.RATE_LIMITS_PROCESSES);
  }

  /** @throws CaasError `rate_limited` (429) when the budget has nothing left */
  async spendFrom(key: string, rate: Rate): Promise<void> {
    const budget = this.budget(key, rate);
    if (!(await budget.take(1, performance.now()))) throw budget.refusal();
  }

  private async windowsOf(ctx: RequestContext): Promise<Windows> {
    const rates = await this.policy.of(ctx);
    const known = this.windows.get(ctx.tenantId);
    if (known?.of === rates) return known.windows;
    const all = RATE_CLASSES.map((rateClass) => [rateClass, this.classWindows(rateClass, rates[rateClass])] as const);
    const windows = Object.fromEntries(all) as Windows;
    this.windows.set(ctx.tenantId, { of: rates, windows });
    return windows;
  }

  private classWindows(rateClass: RateClass, { tenant, user }: ClassRates) {
    const rate = (perMinute: number | null, scope: 'tenant' | 'user'): Rate | null => {
      if (perMinute === null) return null;
      const { points, seconds } = windowOf(perMinute * this.config.RATE_LIMITS_FACTOR);
      const detail = `This ${scope} may spend ${points} points on "${rateClass}" within ${seconds} s.`;
      return { points, seconds, name: `${scope}-${rateClass}`, detail };
    };
    return { tenant: rate(tenant, 'tenant'), user: rate(user, 'user') };
  }
}

export function subjectOf({ tenantId, actor }: RequestContext): Subject {
  const isOwnUser = actor.kind === 'user' && actor.via === 'token';
  return { tenantId, userId: isOwnUser ? actor.user.user_id.toHexString() : null };
}

const tenantKey = ({ tenantId }: Subject, rateClass: RateClass) => `${tenantId}:${rateClass}`;
const userKey = ({ tenantId, userId }: Subject, rateClass: RateClass) => `${tenantId}:u:${userId}:${rateClass}`;
