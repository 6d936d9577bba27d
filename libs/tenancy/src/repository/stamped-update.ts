import type { Update, UpdateOptions } from '#caas/kernel';
import { TenantViolation } from '../guard/tenant-guard.error';
import { keptVerbatim } from './verbatim';

type Fields = Record<string, unknown>;

/** The caller's update plus the new version and, unless it is quiet, the time of change. */
export function stamped<D>(
  update: Update<D>,
  { upsert = false, quiet = false }: UpdateOptions,
  now = new Date(),
): Fields {
  for (const [operator, operand] of Object.entries(update as Record<string, Fields>)) {
    if (!operator.startsWith('$')) throw new TenantViolation('repository', 'a replacement in place of an update');
    if (Object.hasOwn(operand, 'tenant_id')) throw new TenantViolation('repository', `${operator} of tenant_id`);
  }
  const given = keptVerbatim(update as Record<string, Fields | undefined>);
  const stamped: Fields = {
    ...given,
    $set: { ...given.$set, ...(quiet ? {} : { updated_at: now }) },
    $inc: { ...given.$inc, __v: 1 },
  };
  if (upsert) stamped.$setOnInsert = { created_at: now, deleted_at: null, ...given.$setOnInsert };
  return stamped;
}
