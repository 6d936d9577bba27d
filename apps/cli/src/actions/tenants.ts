import type { TenantId } from '#caas/kernel';
import { presentTenant, TenantsService } from '#caas/control-plane';
import type { Answer, InputOf, Session } from '../framework/command';
import { UsageError } from '../framework/errors';
import type * as spec from '../commands/tenants';
import { everyTenant } from './every-tenant';

type Tenant = ReturnType<typeof presentTenant>;

const row = ({ id, tier, status, name }: Tenant) => `${id.padEnd(30)} ${tier.padEnd(10)} ${status.padEnd(10)} ${name}`;
const one = (tenant: Tenant): Answer => ({ data: tenant, lines: [row(tenant)] });
const tenantsOf = ({ app }: Session) => app.get(TenantsService);

export async function create(
  { words: { name }, options: { tier, id } }: InputOf<typeof spec.tenantsCreate>,
  session: Session,
): Promise<Answer> {
  const made = await tenantsOf(session).create(session.operator, { name, tier, id });
  const tenant = presentTenant(made.tenant);
  const { serverKey, signingKey } = made;
  return {
    data: { ...tenant, server_key: serverKey, signing_key: signingKey },
    lines: [row(tenant), `server key   ${serverKey.key}`, `signing key  ${signingKey.kid} ${signingKey.secret}`],
  };
}

export async function list(_input: InputOf<typeof spec.tenantsList>, session: Session): Promise<Answer> {
  const tenants: Tenant[] = [];
  for await (const tenant of everyTenant(session.app)) tenants.push(presentTenant(tenant));
  return { data: tenants, lines: tenants.map(row) };
}

export async function show({ words: { id } }: InputOf<typeof spec.tenantsShow>, session: Session): Promise<Answer> {
  const tenant = presentTenant(await tenantsOf(session).get(id));
  const placement = await tenantsOf(session).describe(id);
  return {
    data: { ...tenant, placement },
    lines: [row(tenant), `in ${placement.database} (${placement.placement}):`, ...placement.collections.map(sizeLine)],
  };
}

const sizeLine = ({ name, documents }: { name: string; documents: number }) => `  ${name.padEnd(48)} ${documents}`;

export async function rename(
  { words: { id, name } }: InputOf<typeof spec.tenantsRename>,
  session: Session,
): Promise<Answer> {
  return one(presentTenant(await tenantsOf(session).update(session.operator, id, { name })));
}

const setStatus = async (id: TenantId, status: 'suspended' | 'active', session: Session): Promise<Answer> =>
  one(presentTenant(await tenantsOf(session).update(session.operator, id, { status })));

export const suspend = ({ words: { id } }: InputOf<typeof spec.tenantsSuspend>, session: Session) =>
  setStatus(id, 'suspended', session);

export const activate = ({ words: { id } }: InputOf<typeof spec.tenantsActivate>, session: Session) =>
  setStatus(id, 'active', session);

export async function changeTier(
  { words: { id, tier } }: InputOf<typeof spec.tenantsTier>,
  session: Session,
): Promise<Answer> {
  return one(presentTenant(await tenantsOf(session).changeTier(session.operator, id, tier)));
}

export async function remove(
  { words: { id }, options }: InputOf<typeof spec.tenantsDelete>,
  session: Session,
): Promise<Answer> {
  const tenant = presentTenant(await tenantsOf(session).get(id));
  if (options['dry-run']) {
    const { collections } = await tenantsOf(session).describe(id);
    const some = collections.filter(({ documents }) => documents > 0);
    return {
      data: { ...tenant, dry_run: true, collections },
      lines: [`would remove ${id} (${tenant.name}) with:`, ...some.map(sizeLine)],
    };
  }
  if (!options.yes)
    throw new UsageError(`This removes all data of ${id} (${tenant.name}): add --yes.`, 'not_confirmed');
  await tenantsOf(session).delete(session.operator, id);
  return { data: { ...tenant, status: 'deleted' }, lines: [`${id} (${tenant.name}) is gone`] };
}
