import { notFound } from '#caas/kernel';
import { TenantServerKeys, TenantSigningKeys, TenantsService } from '#caas/control-plane';
import type { Answer, InputOf, Session } from '../framework/command';
import type * as spec from '../commands/keys';

const state = (revoked: Date | null) => (revoked === null ? 'active' : `revoked ${revoked.toISOString()}`);

export async function list({ words: { tenant } }: InputOf<typeof spec.keysList>, { app }: Session): Promise<Answer> {
  await app.get(TenantsService).get(tenant);
  const server = await app.get(TenantServerKeys).list(tenant);
  const signing = await app.get(TenantSigningKeys).list(tenant);
  return {
    data: { server_keys: server, signing_keys: signing },
    lines: [
      ...server.map((key) => `server   ${key.id.padEnd(20)} ${state(key.revoked_at)}`),
      ...signing.map((key) => `signing  ${key.kid.padEnd(20)} ${state(key.revoked_at)} ${key.kind}`),
    ],
  };
}

export async function create(
  { words: { tenant, kind } }: InputOf<typeof spec.keysCreate>,
  { app, operator }: Session,
): Promise<Answer> {
  await app.get(TenantsService).get(tenant);
  if (kind === 'server') {
    const key = await app.get(TenantServerKeys).create(operator, tenant);
    return { data: key, lines: [key.key] };
  }
  const key = await app.get(TenantSigningKeys).create(operator, tenant);
  return { data: key, lines: [`${key.kid} ${key.secret}`] };
}

export async function revoke(
  { words: { tenant, kind, key }, options }: InputOf<typeof spec.keysRevoke>,
  { app, operator }: Session,
): Promise<Answer> {
  await app.get(TenantsService).get(tenant);
  const keys = kind === 'server' ? app.get(TenantServerKeys) : app.get(TenantSigningKeys);
  if (options['dry-run']) {
    const known =
      kind === 'server'
        ? (await app.get(TenantServerKeys).list(tenant)).find(({ id }) => id === key)
        : (await app.get(TenantSigningKeys).list(tenant)).find(({ kid }) => kid === key);
    if (!known || known.revoked_at !== null) throw notFound(`${kind}_key`);
    return { data: { key, dry_run: true }, lines: [`would revoke the ${kind} key ${key} of ${tenant}`] };
  }
  await keys.revoke(operator, tenant, key);
  return { data: { key, revoked: true }, lines: [`the ${kind} key ${key} of ${tenant} is revoked`] };
}
