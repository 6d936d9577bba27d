import { ObjectId } from 'bson';
import { RequestContext, type Actor, type Tenant, type TenantConnection, type TenantId } from '#caas/kernel';
import { requireSelfOrServer, resolveExternalId } from './rights';

const tenant: Tenant = {
  id: 'clnt_abc123' as TenantId,
  tier: 'free',
  placement: 'shared',
  status: 'active',
  databaseUri: null,
  quotas: {},
};
const as = (actor: Actor) => new RequestContext(tenant, actor, 'req_1', { tenantId: tenant.id } as TenantConnection);
const anna = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };
const byToken = as({ kind: 'user', user: anna, via: 'token', sessionId: null });
const actingFor = as({ kind: 'user', user: anna, via: 'server_key', sessionId: null });
const server = as({ kind: 'server', keyId: 'k' });
const system = as({ kind: 'system', name: 'job' });

describe('resolveExternalId', () => {
  it('takes "me" for the actor', () => {
    expect(resolveExternalId(byToken, 'me')).toBe('anna');
    expect(resolveExternalId(actingFor, 'me')).toBe('anna');
    expect(() => resolveExternalId(server, 'me')).toThrow('X-Acting-User');
  });

  it.each(['.', '..', 'a b', 'ä', '', 'a'.repeat(129)])('refuses %j', (id) => {
    expect(() => resolveExternalId(server, id)).toThrow('1 to 128');
  });
});

describe('requireSelfOrServer', () => {
  it('lets users change themselves, and the server anyone', () => {
    expect(() => requireSelfOrServer(byToken, 'anna')).not.toThrow();
    expect(() => requireSelfOrServer(byToken, 'ben')).toThrow('server key');
    for (const ctx of [actingFor, server, system]) expect(() => requireSelfOrServer(ctx, 'ben')).not.toThrow();
  });
});
