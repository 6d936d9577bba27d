import type { TenantRecord } from '../persistence/tenant.schema';
import { TenantsService } from './tenants.service';

const OPERATOR = { name: 'system', requestId: 'req_test' } as const;

/** Deletions that broke off; the placement of one of them cannot be reached. */
function service(ids: string[], unreachable: string, toSweep: string[] = [], sweep_at = new Date()) {
  const deleted: string[] = [];
  const audited: string[] = [];
  const dropped: string[] = [];
  const changes: object[] = [];
  const nothing = () => Promise.resolve();
  const parts = {
    tenants: {
      inState: () => Promise.resolve(ids.map((id) => ({ id }) as unknown as TenantRecord)),
      toSweep: () => Promise.resolve(toSweep.map((id) => ({ id, sweep_at }) as unknown as TenantRecord)),
      tenantOf: (record: TenantRecord) => record,
      change: (id: string, _from: unknown, change: object) => Promise.resolve(deleted.push(id) && changes.push(change)),
    },
    keys: { removeAll: nothing },
    placements: {
      drop: ({ id }: { id: string }) => {
        if (id === unreachable) return Promise.reject(new Error('no such host'));
        dropped.push(id);
        return nothing();
      },
    },
    storage: { deleteFolder: nothing },
    audit: { write: (_by: unknown, action: string) => Promise.resolve(audited.push(action)) },
  };
  const { tenants, keys, placements, storage, audit } = parts as Record<keyof typeof parts, never>;
  return {
    deleted,
    dropped,
    changes,
    audited,
    tenants: new TenantsService(tenants, keys, keys, placements, storage, audit),
  };
}

describe('Deletions that broke off', () => {
  it('are finished, though one of them fails, and the failure is told', async () => {
    const { deleted, tenants } = service(['clnt_a', 'clnt_b', 'clnt_c'], 'clnt_b');
    await expect(tenants.finishInterrupted(OPERATOR)).rejects.toThrow('1 of 3 tenants are not deleted');
    expect(deleted).toEqual(['clnt_a', 'clnt_c']);
  });

  it('are followed by another drop of what a write that was under way has made anew', async () => {
    const { dropped, changes, tenants } = service(['clnt_a'], 'none', ['clnt_old']);
    const before = Date.now();
    await expect(tenants.finishInterrupted(OPERATOR)).resolves.toBe(1);
    expect(dropped).toEqual(['clnt_a', 'clnt_old']);
    const [deleted, swept] = changes as { sweep_at: Date | null }[];
    expect(deleted!.sweep_at!.getTime()).toBeGreaterThanOrEqual(before + 10_000);
    expect(swept).toEqual({ sweep_at: null, database_uri: null });
  });

  it('are tried again for a day where the placement cannot be reached, and then left', async () => {
    const now = service([], 'clnt_old', ['clnt_old']);
    await expect(now.tenants.finishInterrupted(OPERATOR)).rejects.toThrow('1 of 1 tenants are not swept');
    expect(now.changes).toEqual([]);
    const later = service([], 'clnt_old', ['clnt_old'], new Date(Date.now() - 25 * 60 * 60_000));
    await expect(later.tenants.finishInterrupted(OPERATOR)).resolves.toBe(0);
    expect(later.changes).toEqual([{ sweep_at: null, database_uri: null }]);
    expect(later.audited).toEqual(['tenant.sweep_given_up']);
  });

  it('are counted', async () => {
    const { deleted, tenants } = service(['clnt_a', 'clnt_b'], 'none');
    await expect(tenants.finishInterrupted(OPERATOR)).resolves.toBe(2);
    expect(deleted).toEqual(['clnt_a', 'clnt_b']);
  });
});
