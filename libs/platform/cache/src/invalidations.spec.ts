import type { Log } from '#caas/platform/logging';
import type { RedisConnections } from '#caas/platform/redis';
import { parseTenantId } from '#caas/kernel';
import { Invalidations, type Invalidation } from './invalidations';

const TENANT = parseTenantId('clnt_abc123');

const invalidations = () => {
  const redis = { commands: { publish: () => Promise.resolve(1) } };
  return new Invalidations(redis as unknown as RedisConnections, {} as Log);
};

describe('Invalidations', () => {
  it('reach who listens to their kind, in this process at once', () => {
    const all = invalidations();
    const heard: Invalidation[] = [];
    all.on(['user', 'session'], (each) => heard.push(each));
    all.publisher('user')(TENANT, 'anna');
    all.publisher('tenant')(TENANT, TENANT);
    expect(heard).toEqual([{ kind: 'user', tenantId: TENANT, id: 'anna' }]);
  });

  it('of a kind that a cache waits for and nobody publishes stop the start', () => {
    const all = invalidations();
    all.on(['user', 'relationship'], () => undefined);
    all.publisher('user');
    expect(() => all.onApplicationBootstrap()).toThrow(/relationship/);
    all.publisher('relationship');
    expect(() => all.onApplicationBootstrap()).not.toThrow();
  });
});
