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

/** The tenant and the user whose budgets a call is charged to. */
export interface Subject {
  readonly tenantId: TenantId;
  /** Null for the tenant's server: it is limited together with its tenant, whichever user it acts for. */
  readonly userId: string | null;
}

export interface RateDecision {
  /** The exhausted budget; null when the call was admitted. */
  readonly refusedBy: RateBudget | null;
  /** The budgets that are reported to the caller. An end user must not learn anything about the load of the rest of the tenant. */
  readonly reported: readonly RateBudget[];
}

/** Points and seconds of each class; null where there is no limit. */
type Windows = Readonly<Record<RateClass, { tenant: Rate | null; user: Rate | null }>>;

const OPEN: RateDecision = { refusedBy: null, reported: [] };

/** Rate limits of tenants, their users and other keys, over all processes together. */
@Injectable()
export class RateLimits {
  private readonly budgets = new LRUCache<string, RateBudget>({ max: MAX_BUDGETS });
  /** By tenant; computed again when its rates change. */
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

  /** Charges a call to the budgets of its user and its tenant. A call that either budget refuses costs the tenant nothing. */
  async spend(ctx: RequestContext, { rateClass, points }: Charge): Promise<RateDecision> {
    if (!this.config.RATE_LIMITS) return OPEN;
    const rates = (await this.windowsOf(ctx))[rateClass];
    const subject = subjectOf(ctx);
    const own = subject.userId === null || !rates.user ? null : this.budget(userKey(subject, rateClass), rates.user);
    const whole = rates.tenant && this.budget(tenantKey(subject, rateClass), rates.tenant);
    const nowMs = performance.now();
    // Await only when there is a promise: most answers are known at once.
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
   * The budget that refuses a call now; null when no budget is known to refuse it. It answers from memory, for calls that are
   * refused before they are read.
   */
  exhausted(subject: Subject, { rateClass }: Charge): RateBudget | null {
    const nowMs = performance.now();
    const whole = this.budgets.get(tenantKey(subject, rateClass));
    if (whole?.isExhausted(nowMs)) return this.refused(rateClass, 'tenant', whole).refusedBy;
    const own = subject.userId === null ? undefined : this.budgets.get(userKey(subject, rateClass));
    return own?.isExhausted(nowMs) ? this.refused(rateClass, 'user', own).refusedBy : null;
  }

  /** Refuses all calls of a class by the user for this many seconds. */
  async block(ctx: RequestContext, rateClass: RateClass, seconds: number): Promise<void> {
    const { user } = (await this.windowsOf(ctx))[rateClass];
    const subject = subjectOf(ctx);
    if (user && subject.userId !== null) {
      this.budget(userKey(subject, rateClass), user).block(seconds, performance.now());
    }
  }

  /**
   * A budget for something other than a class of calls.
   * @param key identifies the owner; it begins with the tenant if a tenant owns the budget
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

  /** A budget that the caller keeps itself. Opened again, it continues with the same count, which is shared. */
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
