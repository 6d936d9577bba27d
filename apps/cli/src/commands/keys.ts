import { parseTenantId, type TenantId } from '#caas/kernel';
import { TenantServerKeys, TenantSigningKeys, TenantsService } from '#caas/control-plane';
import type { INestApplicationContext } from '@nestjs/common';
import { OPERATOR, UsageError, word, type Arguments, type Command } from '../command';

async function tenantOf(app: INestApplicationContext, parameters: Arguments): Promise<TenantId> {
  const id = parseTenantId(word(parameters, 0, 'tenant'));
  await app.get(TenantsService).get(id);
  return id;
}

function kindOf(parameters: Arguments): 'server' | 'signing' {
  const kind = word(parameters, 1, 'server|signing');
  if (kind === 'server' || kind === 'signing') return kind;
  throw new UsageError(`"${kind}" is neither "server" nor "signing"`);
}

export const keyCommands: Command[] = [
  {
    usage: 'keys list <tenant>',
    does: 'server and signing keys, without their secrets',
    run: async (app, parameters) => {
      const id = await tenantOf(app, parameters);
      const server = await app.get(TenantServerKeys).list(id);
      const signing = await app.get(TenantSigningKeys).list(id);
      const state = (revoked: Date | null) => (revoked === null ? 'active' : `revoked ${revoked.toISOString()}`);
      return {
        data: { server, signing },
        lines: [
          ...server.map((key) => `server   ${key.id.padEnd(20)} ${state(key.revoked_at)}`),
          ...signing.map((key) => `signing  ${key.kid.padEnd(20)} ${state(key.revoked_at)} ${key.kind}`),
        ],
      };
    },
  },
  {
    usage: 'keys create <tenant> server|signing',
    does: 'one more key; the earlier ones stay valid until they are revoked',
    run: async (app, parameters) => {
      const id = await tenantOf(app, parameters);
      if (kindOf(parameters) === 'server') {
        const key = await app.get(TenantServerKeys).create(OPERATOR, id);
        return { data: key, lines: [key.key] };
      }
      const key = await app.get(TenantSigningKeys).create(OPERATOR, id);
      return { data: key, lines: [`${key.kid} ${key.secret}`] };
    },
  },
  {
    usage: 'keys revoke <tenant> server|signing <key>',
    does: 'ends a key within five seconds on every process, for open sockets too',
    run: async (app, parameters) => {
      const id = await tenantOf(app, parameters);
      const keys = kindOf(parameters) === 'server' ? app.get(TenantServerKeys) : app.get(TenantSigningKeys);
      const key = word(parameters, 2, 'key');
      await keys.revoke(OPERATOR, id, key);
      return { data: { key, revoked: true }, lines: [`${key} is revoked`] };
    },
  },
];
