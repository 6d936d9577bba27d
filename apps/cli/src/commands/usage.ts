import type { INestApplicationContext } from '@nestjs/common';
import { parseTenantId, QUOTAS, type Quota, type QuotaLimits, type RequestContext } from '#caas/kernel';
import { TenantsService } from '#caas/control-plane';
import { UsageService, UsageVerifier } from '#caas/domain/usage';
import { RequestContexts } from '#caas/tenancy';
import { OPERATOR, option, UsageError, type Arguments, type Command } from '../command';
import { allTenants } from './operations';

function tenantOf(parameters: Arguments) {
  const given = option(parameters, 'tenant');
  if (given === undefined) throw new UsageError('--tenant <id> is missing');
  return parseTenantId(given);
}

const contextOf = (app: INestApplicationContext, id: ReturnType<typeof tenantOf>): Promise<RequestContext> =>
  app.get(RequestContexts).openFor(id, { kind: 'system', name: 'cli' }, 'cli');

const optionOf = (quota: Quota): string => quota.replaceAll('_', '-');
const limitText = (limit: number | null): string => (limit === null ? 'no limit' : String(limit));

/** Of what was agreed: with what is given changed, and without what goes back to the tier's. */
function agreed(before: Partial<QuotaLimits>, parameters: Arguments): Partial<QuotaLimits> {
  const quotas: Partial<Record<Quota, number | null>> = { ...before };
  for (const quota of QUOTAS) {
    const given = option(parameters, optionOf(quota));
    if (given === undefined) continue;
    if (given === 'tier') delete quotas[quota];
    else if (given === 'unlimited') quotas[quota] = null;
    else if (/^\d{1,15}$/.test(given)) quotas[quota] = Number(given);
    else throw new UsageError(`--${optionOf(quota)} is a whole number, "unlimited" or "tier"`);
  }
  return quotas;
}

export const usageCommands: Command[] = [
  {
    usage: 'usage show --tenant <id>',
    does: 'what a tenant uses of its quotas, and what it sent month by month',
    run: async (app, parameters) => {
      const usage = await app.get(UsageService).of(await contextOf(app, tenantOf(parameters)));
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
    },
  },
  {
    usage: 'usage verify --tenant <id>',
    does: 'counts anew what a tenant uses; any drift is a failure',
    run: async (app, parameters) => {
      const found = await app.get(UsageVerifier).verify(await contextOf(app, tenantOf(parameters)));
      if (found.drift > 0) process.exitCode = 1;
      const counted = Object.entries(found.counted).flatMap(([quota, counts]) =>
        Object.entries(counts).map(([period, count]) => `${quota.padEnd(14)} ${period.padEnd(8)} ${count}`),
      );
      const drifts = found.drifts.map(
        ({ quota, period, kept, counted: there }) => `${quota} ${period}: ${kept} instead of ${there}`,
      );
      return { data: found, lines: [...counted, ...drifts, `drift ${found.drift}`] };
    },
  },
  {
    usage: 'usage recount [--tenant <id>]',
    does: 'takes into the counts what was there before they were; once, after an upgrade',
    run: async (app, parameters) => {
      const ids = parameters.options.tenant === undefined ? await allTenants(app) : [tenantOf(parameters)];
      const results = [];
      for (const id of ids) {
        results.push({ tenant: id, ...(await app.get(UsageVerifier).correct(await contextOf(app, id))) });
      }
      if (results.some(({ busy }) => busy)) process.exitCode = 1;
      const lines = results.flatMap(({ tenant, corrected, busy }) => [
        ...corrected.map(({ quota, period, kept, counted }) => `${tenant} ${quota} ${period}: ${kept} → ${counted}`),
        ...(busy ? [`${tenant} sends just now: try again`] : []),
      ]);
      return { data: results, lines: [...lines, `${ids.length} tenants`] };
    },
  },
  {
    usage: `quotas set --tenant <id> ${QUOTAS.map((quota) => `[--${optionOf(quota)} <n>|unlimited|tier]`).join(' ')}`,
    does: 'agrees on other quotas than those of the tier, or goes back to them',
    run: async (app, parameters) => {
      const id = tenantOf(parameters);
      const before = (await app.get(TenantsService).get(id)).quotas ?? {};
      const { quotas = {} } = await app.get(TenantsService).changeQuotas(OPERATOR, id, agreed(before, parameters));
      const lines = QUOTAS.map((quota) => {
        const limit = quotas[quota];
        return `${quota.padEnd(14)} ${limit === undefined ? 'as its tier' : limitText(limit)}`;
      });
      return { data: quotas, lines };
    },
  },
];
