import { QUOTAS, type Quota, type QuotaLimits } from '#caas/kernel';
import { presentTenant, TenantsService } from '#caas/control-plane';
import { UsageService, UsageVerifier } from '#caas/domain/usage';
import { optionOf } from '../commands/usage';
import type * as spec from '../commands/usage';
import type { Answer, InputOf, Session } from '../framework/command';
import { UsageError } from '../framework/errors';
import { tenantsNamed } from './every-tenant';

const limitText = (limit: number | null): string => (limit === null ? 'no limit' : String(limit));

export async function show(
  { options: { tenant } }: InputOf<typeof spec.usageShow>,
  { app, contextOf }: Session,
): Promise<Answer> {
  const usage = await app.get(UsageService).of(await contextOf(tenant));
  const lines = [
    ...QUOTAS.map((quota) => {
      const { used, limit, period } = usage.quotas[quota];
      return `${quota.padEnd(14)} ${String(used).padStart(14)} of ${limitText(limit)}${period ? ` in ${period}` : ''}`;
    }),
    ...usage.months.map(({ month, messages }) => `${month.padEnd(14)} ${String(messages).padStart(14)} messages`),
    ...usage.warnings.map(
      ({ at, quota, percent, limit }) => `${at.toISOString()} warned: ${percent} % of ${limit} ${quota}`,
    ),
  ];
  return { data: usage, lines };
}

export async function verify(
  { options: { tenant } }: InputOf<typeof spec.usageVerify>,
  { app, contextOf }: Session,
): Promise<Answer> {
  const found = await app.get(UsageVerifier).verify(await contextOf(tenant));
  const counted = Object.entries(found.counted).flatMap(([quota, counts]) =>
    Object.entries(counts).map(([period, count]) => `${quota.padEnd(14)} ${period.padEnd(8)} ${count}`),
  );
  const drifts = found.drifts.map(
    ({ quota, period, kept, counted: there }) => `${quota} ${period}: ${kept} instead of ${there}`,
  );
  return { data: found, lines: [...counted, ...drifts, `drift ${found.drift}`], failed: found.drift > 0 };
}

export async function recount(
  { options }: InputOf<typeof spec.usageRecount>,
  { app, contextOf, progress }: Session,
): Promise<Answer> {
  const ids = await tenantsNamed(app, options.tenant);
  const results = [];
  for (const [at, id] of ids.entries()) {
    progress(`${at} of ${ids.length} tenants`);
    const ctx = await contextOf(id);
    const done = options['dry-run']
      ? { corrected: (await app.get(UsageVerifier).verify(ctx)).drifts, busy: false }
      : await app.get(UsageVerifier).correct(ctx);
    results.push({ tenant_id: id, ...done });
  }
  const verb = options['dry-run'] ? 'would be' : '→';
  const lines = results.flatMap(({ tenant_id, corrected, busy }) => [
    ...corrected.map(
      ({ quota, period, kept, counted }) => `${tenant_id} ${quota} ${period}: ${kept} ${verb} ${counted}`,
    ),
    ...(busy ? [`${tenant_id} sends just now: try again`] : []),
  ]);
  return {
    data: { dry_run: options['dry-run'], tenants: results },
    lines: [...lines, `${ids.length} tenants`],
    failed: results.some(({ busy }) => busy),
  };
}

export async function setQuotas(
  { options }: InputOf<typeof spec.quotasSet>,
  { app, operator }: Session,
): Promise<Answer> {
  const { tenant } = options;
  const before = (await app.get(TenantsService).get(tenant)).quotas ?? {};
  const changes = QUOTAS.flatMap((quota) => {
    const given = (options as Record<string, unknown>)[optionOf(quota)] as number | null | 'tier' | undefined;
    return given === undefined ? [] : [[quota, given] as const];
  });
  if (changes.length === 0) {
    throw new UsageError(`Name a quota: ${QUOTAS.map((quota) => `--${optionOf(quota)}`).join(', ')}.`);
  }
  const changed = presentTenant(await app.get(TenantsService).changeQuotas(operator, tenant, agreed(before, changes)));
  const lines = QUOTAS.map((quota) => {
    const limit = changed.quotas[quota];
    return `${quota.padEnd(14)} ${limit === undefined ? 'as its tier' : limitText(limit)}`;
  });
  return { data: changed, lines: [`of ${tenant}:`, ...lines] };
}

/** What was agreed, with what is given changed, and without what goes back to the tier's. */
function agreed(
  before: Partial<QuotaLimits>,
  changes: (readonly [Quota, number | null | 'tier'])[],
): Partial<QuotaLimits> {
  const quotas: Partial<Record<Quota, number | null>> = { ...before };
  for (const [quota, given] of changes) {
    if (given === 'tier') delete quotas[quota];
    else quotas[quota] = given;
  }
  return quotas;
}
