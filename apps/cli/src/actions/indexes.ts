import { TenantsService } from '#caas/control-plane';
import { redactText } from '#caas/platform/logging';
import type * as spec from '../commands/care';
import type { Answer, InputOf, Session } from '../framework/command';
import { tenantsNamed } from './every-tenant';

export async function sync({ options }: InputOf<typeof spec.indexesSync>, { app, progress }: Session): Promise<Answer> {
  const dryRun = options['dry-run'];
  const ids = await tenantsNamed(app, options.tenant);
  const changes = [];
  // A tenant that is gone meanwhile, or whose own database is away, is no reason to leave the others.
  const failures: { tenant_id: string; reason: string }[] = [];
  for (const [at, id] of ids.entries()) {
    progress(`${at} of ${ids.length} tenants, ${changes.length} changes`);
    try {
      for (const change of await app.get(TenantsService).syncIndexes(id, { dryRun })) {
        changes.push({ tenant_id: id, ...change });
      }
    } catch (error) {
      failures.push({ tenant_id: id, reason: redactText((error as Error).message) });
    }
  }
  const would = dryRun ? 'would be ' : '';
  const lines = changes.map(
    ({ tenant_id, collection, created, dropped }) =>
      `${tenant_id} ${collection}: ${created.length} ${would}made (${created.join(', ')}), ${dropped.length} ${would}dropped (${dropped.join(', ')})`,
  );
  return {
    data: { dry_run: dryRun, tenants: ids.length, changes, failures },
    lines: [
      ...lines,
      ...failures.map(({ tenant_id, reason }) => `${tenant_id} failed: ${reason}`),
      `${ids.length} tenants, ${changes.length} changes, ${failures.length} failed`,
    ],
    failed: failures.length > 0,
  };
}
