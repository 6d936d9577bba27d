import type { INestApplicationContext } from '@nestjs/common';
import { parseTenantId, type TenantId } from '#caas/kernel';
import { TenantsService } from '#caas/control-plane';
import { HealthChecks } from '#caas/platform/health';
import { TenantDirectory, type IndexChanges } from '#caas/tenancy';
import { option, type Command } from '../command';

const PAGE = 200;

export async function allTenants(app: INestApplicationContext): Promise<TenantId[]> {
  const ids: TenantId[] = [];
  for (;;) {
    const page = await app.get(TenantDirectory).list(ids.at(-1) ?? null, PAGE);
    ids.push(...page.map(({ id }) => id));
    if (page.length < PAGE) return ids;
  }
}

export const operationCommands: Command[] = [
  {
    usage: 'indexes sync [--tenant <id>]',
    does: 'brings every placement to the indexes that this version declares',
    run: async (app, parameters) => {
      const given = option(parameters, 'tenant');
      const ids = given === undefined ? await allTenants(app) : [parseTenantId(given)];
      const changes: (IndexChanges & { tenant: string })[] = [];
      for (const id of ids) {
        for (const change of await app.get(TenantsService).syncIndexes(id)) changes.push({ tenant: id, ...change });
      }
      const lines = changes.map(
        ({ tenant, collection, created, dropped }) =>
          `${tenant} ${collection}: ${created.length} made (${created.join(', ')}), ${dropped.length} dropped (${dropped.join(', ')})`,
      );
      return {
        data: { tenants: ids.length, changes },
        lines: [...lines, `${ids.length} tenants, ${changes.length} changes`],
      };
    },
  },
  {
    usage: 'doctor',
    does: 'is everything there that a process needs?',
    run: async (app) => {
      const { ready, checks } = await app.get(HealthChecks).run();
      if (!ready) process.exitCode = 1;
      const tenants = ready ? (await allTenants(app)).length : null;
      const lines = Object.entries(checks).map(([name, outcome]) => `${name.padEnd(10)} ${outcome}`);
      return {
        data: { ready, checks, tenants },
        lines: [...lines, ...(tenants === null ? [] : [`${tenants} tenants`])],
      };
    },
  },
];
