import { QUOTAS } from '#caas/kernel';
import type { Usage } from '../usage.service';
import type { UsageView } from './dto/usage.dto';

export function viewOfUsage({ quotas, months, warnings }: Usage): UsageView {
  const uses = QUOTAS.map((quota) => {
    const { used, limit, period, resets_at } = quotas[quota];
    return [quota, { used, limit, period, resets_at: resets_at?.toISOString() ?? null }] as const;
  });
  return {
    quotas: Object.fromEntries(uses) as unknown as UsageView['quotas'],
    months,
    warnings: warnings.map(({ at, ...warning }) => ({ ...warning, at: at.toISOString() })),
  };
}
