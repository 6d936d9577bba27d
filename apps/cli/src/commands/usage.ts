import { QUOTAS, type Quota } from '#caas/kernel';
import { command } from '../framework/command';
import { UsageError } from '../framework/errors';
import { DRY_RUN, optional, TENANT, tenantId, type Option, type Value } from '../framework/values';

const agreed = (quota: Quota): Value<number | null | 'tier'> => ({
  placeholder: 'n|unlimited|tier',
  doc: `how many ${quota.replaceAll('_', ' ')}; "tier" goes back to the tier’s own`,
  parse: (given) => {
    if (given === 'tier') return 'tier';
    if (given === 'unlimited') return null;
    if (/^\d{1,15}$/.test(given)) return Number(given);
    throw new UsageError(`is a whole number, "unlimited" or "tier", not "${given}"`);
  },
});

export const optionOf = (quota: Quota): string => quota.replaceAll('_', '-');

type QuotaOptions = Record<string, Option<number | null | 'tier' | undefined>>;

export const usageShow = command({
  path: 'usage show',
  does: 'what a tenant uses of its quotas, and what it sent month by month',
  parts: 'everything',
  words: {},
  options: { tenant: TENANT },
});

export const usageVerify = command({
  path: 'usage verify',
  does: 'counts anew what a tenant uses; any drift is a failure',
  parts: 'everything',
  words: {},
  options: { tenant: TENANT },
});

export const usageRecount = command({
  path: 'usage recount',
  does: 'takes into the counts what was there before they were; once, after an upgrade',
  parts: 'everything',
  words: {},
  options: { tenant: optional(tenantId('only this one; all of them otherwise')), 'dry-run': DRY_RUN },
});

export const quotasSet = command({
  path: 'quotas set',
  does: 'agrees on other quotas than those of the tier, or goes back to them',
  parts: 'control plane',
  words: {},
  options: {
    tenant: TENANT,
    ...(Object.fromEntries(QUOTAS.map((quota) => [optionOf(quota), optional(agreed(quota))])) as QuotaOptions),
  },
});
