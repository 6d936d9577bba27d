import type { RequestContext, Tenant } from '#caas/kernel';
import { outbox, OutboxSweeper } from '#caas/tenancy/testing';
import { TenancyHarness } from '#caas/testing/tenancy';

const HOUR_MS = 60 * 60_000;

describe.each(['shared', 'prefixed', 'dedicated'] as const)('The sweeper on the %s placement', (placement) => {
  let harness: TenancyHarness;
  let tenant: Tenant;
  let ctx: RequestContext;
  /** Queues where the tenant has more jobs than slots. */
  const behind = new Set<string>();
  const added: string[] = [];
  const queues = {
    isBehind: ({ queue }: { queue: string }) => Promise.resolve(behind.has(queue)),
    add: ({ name }: { name: string }) => Promise.resolve(void added.push(name)),
  };
  const sweeper = () =>
    new OutboxSweeper(
      { open: () => ctx } as never,
      null as never,
      null as never,
      queues as never,
      null as never,
      { swept: () => undefined } as never,
    );
  const record = (job: string, payload: object, ageMs = 60_000) => {
    const created_at = new Date(Date.now() - ageMs);
    const row = { job, payload, request_id: 'req_test', due_at: created_at, sweeps: 0 };
    return ctx.repository(outbox).insertOne({ ...row, created_at } as never);
  };

  beforeAll(async () => {
    harness = new TenancyHarness([outbox]);
    tenant = await harness.tenant(placement);
    ctx = harness.context(tenant);
  });
  afterAll(() => harness.close());
  beforeEach(async () => {
    await ctx.repository(outbox).deleteMany({});
    behind.clear();
    added.length = 0;
  });

  it('adds nothing again that waits for the tenant’s own jobs, and looks at it again soon', async () => {
    await record('media/process-file', { file_id: 'a'.repeat(24) });
    await record('references/refresh-references', { user_id: 'a'.repeat(24) });
    behind.add('media');
    await expect(sweeper().sweep(tenant)).resolves.toBe(true);
    expect(added).toEqual(['refresh-references']);
    const waiting = await ctx.repository(outbox).findOne({ job: 'media/process-file' });
    expect(waiting!.sweeps).toBe(0);
    expect(waiting!.due_at.getTime() - Date.now()).toBeLessThan(20_000);
    behind.clear();
    await ctx.repository(outbox).updateMany({}, { $set: { due_at: new Date(0) } });
    await sweeper().sweep(tenant);
    expect(added.sort()).toEqual(['process-file', 'refresh-references', 'refresh-references']);
  });

  it('adds again what has been behind for so long that it may be lost', async () => {
    await record('media/process-file', { file_id: 'a'.repeat(24) });
    await record('media/process-file', { file_id: 'b'.repeat(24) }, 7 * HOUR_MS);
    behind.add('media');
    await sweeper().sweep(tenant);
    expect(added).toEqual(['process-file']);
  });
});
