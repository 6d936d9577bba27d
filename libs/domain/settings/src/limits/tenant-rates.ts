import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RequestContext, TenantId } from '#caas/kernel';
import { RatePolicy, type Rates } from '#caas/platform/limits';
import { Settings } from '../settings';
import type { SettingsOf } from '../settings-section';
import { limitsSettings } from './limits.settings';

type Limits = SettingsOf<typeof limitsSettings>;

const MAX_TENANTS = 10_000;

/** The rates are what the tenant's settings say. */
@Injectable()
export class TenantRates extends RatePolicy {
  /** By tenant, and made anew when its settings are others. */
  private readonly rates = new LRUCache<TenantId, { of: Limits; rates: Rates }>({ max: MAX_TENANTS });

  constructor(private readonly settings: Settings) {
    super();
  }

  override async of(ctx: RequestContext): Promise<Rates> {
    const limits = await this.settings.of(ctx, limitsSettings);
    const known = this.rates.get(ctx.tenantId);
    if (known?.of === limits) return known.rates;
    const rates = ratesOf(limits);
    this.rates.set(ctx.tenantId, { of: limits, rates });
    return rates;
  }
}

const ratesOf = (limits: Limits): Rates => ({
  read: { tenant: limits.reads_per_minute, user: limits.user_reads_per_minute },
  write: { tenant: limits.writes_per_minute, user: limits.user_writes_per_minute },
  send: { tenant: limits.sends_per_minute, user: limits.user_sends_per_minute },
  search: { tenant: limits.searches_per_minute, user: limits.user_searches_per_minute },
  upload: { tenant: limits.uploads_per_minute, user: limits.user_uploads_per_minute },
  keys: { tenant: limits.keys_per_minute, user: limits.user_keys_per_minute },
  admin: { tenant: limits.admin_per_minute, user: null },
  // All of a tenant's clients come back at once after a network was away: that is no reason to keep them out.
  connect: { tenant: null, user: limits.user_connects_per_minute },
});
