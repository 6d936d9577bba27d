import { TenantsService } from '#caas/control-plane';
import type * as spec from '../commands/care';
import type { Answer, InputOf, Session } from '../framework/command';
import { tenantsNamed } from './every-tenant';

export async function sync({ options }: InputOf<typeof spec.indexesSync>, { app, progress }: Session): Promise<Answer> {
  const dryRun = options['dry-run'];
  const ids = await tenantsNamed(app, options.tenant);
  const changes = [];
  for (const [at, id] of ids.entries()) {
    progress(`${at} of ${ids.length} tenants, ${changes.length} changes`);
    for (const change of await app.get(TenantsService).syncIndexes(id, { dryRun })) {
      changes.push({ tenant_id: id, ...change });
    }
  }
  const would = dryRun ? 'would be ' : '';
  const lines = changes.map(
    ({ tenant_id, collection, created, dropped }) =>
      `${tenant_id} ${collection}: ${created.length} ${would}made (${created.join(', ')}), ${dropped.length} ${would}dropped (${dropped.join(', ')})`,
  );
  return {
    data: { dry_run: dryRun, tenants: ids.length, changes },
    lines: [...lines, `${ids.length} tenants, ${changes.length} changes`],
  };
}
