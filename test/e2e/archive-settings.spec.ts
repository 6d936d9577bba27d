import { sharedSystem, TIERS, waitFor, type TenantSession } from '#caas/testing';
import { JobQueue } from '../support/job-queue';
import { TenantRows } from '../support/tenant-rows';

/** What a change of settings needs to reach a process: test/configured/settings-reach holds it to that. */
const LIVE_WITHIN_MS = 2_000;
const DAY_MS = 24 * 60 * 60_000;

const system = sharedSystem();
const queue = new JobQueue('archive');
afterAll(() => queue.close());

describe.each(TIERS)('Settings of the archive on the tier %s', (tier) => {
  /** A tenant whose one conversation has five messages of ten days ago. */
  async function tenantWithOldMessages() {
    const tenant = await system.tenant(tier);
    const rows = await TenantRows.open(tenant.id, tier);
    await tenant.users('anna', 'ben');
    const room = await tenant.room('anna', ['ben'], { type: 'direct' });
    for (let n = 0; n < 5; n += 1) await tenant.message('anna', room);
    const created_at = new Date(Date.now() - 10 * DAY_MS);
    await rows.of('messages').updateMany({ tenant_id: tenant.id }, { $set: { created_at } });
    return {
      tenant,
      /** As its night does it. */
      night: async () => queue.done(await queue.addFor(tenant.id, 'archive-messages', { after: null })),
      hot: () => rows.of('messages').countDocuments({ tenant_id: tenant.id }),
      read: async () => (await tenant.as('anna').get(`${room.path}/messages`)).body.data.length as number,
      close: () => rows.close(),
    };
  }

  type Own = Awaited<ReturnType<typeof tenantWithOldMessages>>;
  let one: Own;
  let other: Own;
  beforeAll(async () => {
    one = await tenantWithOldMessages();
    other = await tenantWithOldMessages();
  });
  afterAll(() => Promise.all([one?.close(), other?.close()]));

  const set = async (tenant: TenantSession, archive: object | null) => {
    const { status, body } = await tenant.server(1).patch('/v1/settings', { archive });
    expect([status, body.code]).toEqual([200, undefined]);
    return body.archive as object;
  };

  it('begin as the deployment has them', async () => {
    expect((await one.tenant.server().get('/v1/settings')).body.archive).toEqual({
      after_days: 365,
      retention_days: null,
    });
    const most = { free: 365, pro: 1_825, enterprise: 36_500 }[tier];
    expect((await one.tenant.server(1).get('/v1/settings/schema')).body.archive).toMatchObject({
      after_days: { type: 'integer', minimum: 0, maximum: most, default: 365 },
      retention_days: { type: 'integer', minimum: 1, default: null },
    });
    for (const own of [one, other]) {
      await own.night();
      expect(await own.hot()).toBe(5);
    }
  });

  it('are refused when they are none, and nothing changes', async () => {
    const wrong = { after_days: -1, retention_days: 0, delete_everything: true };
    const { status, body } = await one.tenant.server().patch('/v1/settings', { archive: wrong });
    expect([status, body.code]).toEqual([400, 'invalid_settings']);
    expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'archive.after_days',
      'archive.delete_everything',
      'archive.retention_days',
    ]);
  });

  it('are followed by the tenant’s own night, and by no other’s', async () => {
    await set(one.tenant, { after_days: 5 });
    await waitFor('a night follows', LIVE_WITHIN_MS, async () => {
      await one.night();
      return (await one.hot()) === 0;
    });
    await other.night();
    expect([await one.hot(), await one.read(), await other.hot(), await other.read()]).toEqual([0, 5, 5, 5]);
  });

  it('let what is in cold storage go when its time is over, of that tenant alone', async () => {
    await set(other.tenant, { after_days: 5 });
    await set(one.tenant, { retention_days: 8 });
    await waitFor('both have followed', 2 * LIVE_WITHIN_MS, async () => {
      for (const own of [one, other]) await own.night();
      return (await one.read()) === 0 && (await other.hot()) === 0;
    });
    expect(await other.read()).toBe(5);
  });

  it('go back to the deployment’s for null', async () => {
    expect(await set(one.tenant, { retention_days: null })).toEqual({ after_days: 5, retention_days: null });
    expect(await set(one.tenant, null)).toEqual({ after_days: 365, retention_days: null });
  });
});
