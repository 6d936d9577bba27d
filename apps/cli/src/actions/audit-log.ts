import { AuditLog, TenantsService } from '#caas/control-plane';
import type * as spec from '../commands/care';
import type { Answer, InputOf, Session } from '../framework/command';

const PAGE = 100;
const UNLESS_GIVEN = 50;

export async function list(
  { options: { tenant, limit = UNLESS_GIVEN } }: InputOf<typeof spec.auditLogList>,
  { app }: Session,
): Promise<Answer> {
  const entries = [];
  for (let cursor: string | null = null; entries.length < limit;) {
    const request = { cursor, limit: Math.min(PAGE, limit - entries.length), direction: 'backward' } as const;
    const { data, page } = await app.get(AuditLog).page(request, tenant ?? null);
    entries.push(...data.map(({ _id, ...entry }) => ({ id: _id.toHexString(), ...entry })));
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  // One that was deleted has its entries still.
  if (entries.length === 0 && tenant !== undefined) await app.get(TenantsService).get(tenant);
  const lines = entries.map(
    ({ at, actor, action, tenant_id, details }) =>
      `${at.toISOString()}  ${action.padEnd(22)} ${(tenant_id ?? '').padEnd(30)} ${actor.padEnd(16)} ${JSON.stringify(details)}`,
  );
  return { data: entries, lines };
}
