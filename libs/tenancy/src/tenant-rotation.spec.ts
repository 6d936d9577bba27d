import { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import type { RequestContexts } from './request-contexts';
import type { TenantDirectory } from './tenant-directory';
import { TenantRotation } from './tenant-rotation';

const TENANTS = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));

function rotation(tenants: number, everyMs?: number) {
  const contexts = { open: (tenant: { id: string }) => ({ tenantId: tenant.id }) };
  const directory = {
    list: (after: string | null, limit: number) =>
      Promise.resolve(TENANTS.filter(({ id }) => after === null || id > after).slice(0, limit)),
  };
  const visited: string[] = [];
  const made = new TenantRotation(contexts as unknown as RequestContexts, directory as unknown as TenantDirectory, {
    job: 'test',
    tenants,
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  const visit = async ({ tenantId }: RequestContext): Promise<ObjectId | null> => {
    visited.push(tenantId);
    return null;
  };
  return { made, visited, visit };
}

describe('TenantRotation', () => {
  it.each([2, 3, 5, 10])('visits every tenant in turn, %d at a time, and begins again', async (tenants) => {
    const { made, visited, visit } = rotation(tenants);
    while (visited.length < 12) await made.next(visit);
    expect(visited.slice(0, 12).join('')).toBe('abcdeabcdeab');
  });

  it('goes on within a tenant of whom there is more', async () => {
    const { made } = rotation(3);
    const [first, second] = [new ObjectId(), new ObjectId()];
    const seen: [string, ObjectId | null][] = [];
    const visit = async ({ tenantId }: RequestContext, after: ObjectId | null) => {
      seen.push([tenantId, after]);
      if (tenantId !== 'b') return null;
      return after === null ? first : after.equals(first) ? second : null;
    };
    for (let times = 0; times < 4; times += 1) await made.next(visit);
    expect(seen).toEqual([
      ['a', null],
      ['b', null],
      ['b', first],
      ['b', second],
      ['c', null],
      ['d', null],
      ['e', null],
    ]);
  });

  it('passes a tenant whose visit fails, gives the others their turn, and says what went wrong', async () => {
    const { made, visited, visit } = rotation(2);
    const failing = (ctx: RequestContext) =>
      ctx.tenantId === ('a' as never) ? Promise.reject(new Error('away')) : visit(ctx);
    await expect(made.next(failing)).rejects.toThrow('away');
    await made.next(failing);
    expect(visited).toEqual(['b', 'c', 'd']);
  });

  it('goes no more often than it may', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    try {
      const { made, visited, visit } = rotation(1, 5_000);
      await made.next(visit);
      now.mockReturnValue(5_999);
      await made.next(visit);
      expect(visited).toEqual(['a']);
      now.mockReturnValue(6_000);
      await made.next(visit);
      expect(visited).toEqual(['a', 'b']);
    } finally {
      now.mockRestore();
    }
  });
});
