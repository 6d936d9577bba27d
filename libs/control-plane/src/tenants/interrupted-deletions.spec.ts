import type { TenantRecord } from '../persistence/tenant.schema';
import { TenantsService } from './tenants.service';

const OPERATOR = { name: 'system', requestId: 'req_test' } as const;

/** Deletions that broke off; the placement of one of them cannot be reached. */
function service(ids: string[], unreachable: string) {
  const deleted: string[] = [];
  const nothing = () => Promise.resolve();
  const parts = {
    tenants: {
      inState: () => Promise.resolve(ids.map((id) => ({ id }) as unknown as TenantRecord)),
      tenantOf: (record: TenantRecord) => record,
      change: (id: string) => Promise.resolve(deleted.push(id)),
    },
    keys: { removeAll: nothing },
    placements: {
      drop: ({ id }: { id: string }) => (id === unreachable ? Promise.reject(new Error('no such host')) : nothing()),
    },
    storage: { deleteFolder: nothing },
    audit: { write: nothing },
  };
  const { tenants, keys, placements, storage, audit } = parts as Record<keyof typeof parts, never>;
  return { deleted, tenants: new TenantsService(tenants, keys, keys, placements, storage, audit) };
}

describe('Deletions that broke off', () => {
  it('are finished, though one of them fails, and the failure is told', async () => {
    const { deleted, tenants } = service(['clnt_a', 'clnt_b', 'clnt_c'], 'clnt_b');
    await expect(tenants.finishInterrupted(OPERATOR)).rejects.toThrow('1 of 3 tenants are not deleted');
    expect(deleted).toEqual(['clnt_a', 'clnt_c']);
  });

  it('are counted', async () => {
    const { deleted, tenants } = service(['clnt_a', 'clnt_b'], 'none');
    await expect(tenants.finishInterrupted(OPERATOR)).resolves.toBe(2);
    expect(deleted).toEqual(['clnt_a', 'clnt_b']);
  });
});
