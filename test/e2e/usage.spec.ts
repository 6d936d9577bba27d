import {
  TIERS,
  eventually,
  sharedSystem,
  waitFor,
  type LiveClient,
  type Room,
  type TenantSession,
} from '#caas/testing';
import { commandsInTurn } from '../support/command-line';
import { TenantRows } from '../support/tenant-rows';

const ENVIRONMENT = { ARCHIVE_TRUST: '300ms' };
const system = sharedSystem();
const caas = commandsInTurn(system, ENVIRONMENT);

const EXCEEDED = { status: 402, body: { code: 'quota_exceeded', status: 402 } };
const thisMonth = () => new Date().toISOString().slice(0, 7);
const lastMonth = () => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 15));
};

const agree = async (tenant: TenantSession, quotas: object): Promise<void> => {
  const answer = await system.platform.put(`/platform/v1/tenants/${tenant.id}/quotas`, quotas);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  // Other processes hear of it a moment later.
  for (const process of [0, 1]) {
    await waitFor('it is known everywhere', 5_000, async () => {
      const { body } = await tenant.server(process).get('/v1/usage');
      return Object.entries(quotas).every(([quota, limit]) => body.quotas[quota].limit === limit);
    });
  }
};

const usageOf = async ({ id }: TenantSession) => (await system.platform.get(`/platform/v1/tenants/${id}/usage`)).body;
const verify = (tenant: TenantSession) => caas(['usage', 'verify', '--tenant', tenant.id]);
const warningsTo = (client: LiveClient) =>
  client.of('quota.warning').map(({ data }) => `${String(data.quota)} ${String(data.percent)}`);

describe.each(TIERS)('Usage on the tier %s', (tier) => {
  let tenant: TenantSession;
  let room: Room;
  beforeEach(async () => {
    tenant = await system.tenant(tier);
    await tenant.users('anna', 'ben');
    room = await conversation();
  });
  afterEach(() => tenant.disconnect());

  const conversation = () => tenant.room('anna', ['ben']);
  const send = (id: string, process = 0, to = room) =>
    tenant.send('anna', to, { client_message_id: id, text: `text ${id}` }, process);

  it('is what there is, for operators and the tenant’s server, and nobody else’s', async () => {
    for (const id of ['1', '2', '3']) await send(id);
    await tenant.server().delete('/v1/users/ben');
    await eventually(async () => expect((await usageOf(tenant)).quotas.messages.used).toBe(3));
    const usage = await usageOf(tenant);
    const limits = {
      free: [10_000, 1_000_000, 2 ** 30, 5_000],
      pro: [500_000, 100_000_000, 100 * 2 ** 30, 100_000],
      enterprise: [null, null, 1024 * 2 ** 30, null],
    }[tier];
    expect(usage).toMatchObject({
      tenant_id: tenant.id,
      quotas: {
        users: { used: 1, limit: limits[0], period: null, resets_at: null },
        messages: { used: 3, limit: limits[1], period: thisMonth() },
        storage_bytes: { used: 0, limit: limits[2], period: null },
        connections: { used: 0, limit: limits[3], period: null },
      },
      months: [{ month: thisMonth(), messages: 3 }],
      warnings: [],
    });
    expect(usage.placement).toBe({ free: 'shared', pro: 'prefixed', enterprise: 'dedicated' }[tier]);
    expect(usage.collections.length).toBeGreaterThan(20);
    const { quotas, months, warnings } = usage;
    expect((await tenant.server(1).get('/v1/usage')).body).toEqual({ quotas, months, warnings });
    const other = await system.tenant(tier);
    expect((await usageOf(other)).quotas).toMatchObject({ users: { used: 0 }, messages: { used: 0 } });
    expect(await tenant.acting('anna').get('/v1/usage')).toMatchObject({ status: 200 });
    expect(await tenant.withToken(await tenant.token('anna')).get('/v1/usage')).toMatchObject({
      status: 403,
      body: { code: 'server_key_required' },
    });
    expect(await system.platform.get('/platform/v1/tenants/clnt_nobody/usage')).toMatchObject({ status: 404 });
  });

  it('has quotas that only the operator changes, and that go back to the tier’s', async () => {
    const path = `/platform/v1/tenants/${tenant.id}/quotas`;
    await agree(tenant, { users: 7, messages: null });
    expect((await system.platform.get(`/platform/v1/tenants/${tenant.id}`)).body.quotas).toEqual({
      users: 7,
      messages: null,
    });
    for (const wrong of [{ users: -1 }, { users: 1.5 }, { users: '7' }, { rooms: 7 }]) {
      expect(await system.platform.put(path, wrong)).toMatchObject({ status: 400 });
    }
    expect(await tenant.server().put(path, { users: 1_000_000 })).toMatchObject({ status: 401 });
    expect(await tenant.server().patch('/v1/settings', { quotas: { users: 1_000_000 } })).toMatchObject({
      status: 400,
      body: { code: 'invalid_settings' },
    });
    const set = await caas(['quotas', 'set', '--tenant', tenant.id, '--users', 'tier', '--connections', '9']);
    expect(set).toMatchObject({ code: 0, found: { quotas: { messages: null, connections: 9 } } });
    const shown = await caas(['usage', 'show', '--tenant', tenant.id]);
    expect({ code: shown.code, complaints: shown.complaints }).toEqual({ code: 0, complaints: '' });
    expect(shown.found.quotas).toMatchObject({ messages: { limit: null }, connections: { limit: 9 } });
    expect(shown.found.quotas.users.limit).toBe({ free: 10_000, pro: 500_000, enterprise: null }[tier]);
    expect((await caas(['quotas', 'set', '--tenant', tenant.id, '--users', 'many'])).code).toBe(2);
    const { body } = await system.platform.get(`/platform/v1/audit-log?tenant_id=${tenant.id}`);
    expect(body.data).toContainEqual(
      expect.objectContaining({ action: 'tenant.quotas_changed', details: { quotas: { users: 7, messages: null } } }),
    );
  });

  it('stops new users at their quota, warned at 80 and 95 %, and leaves alone those who are there', async () => {
    const clients = [await tenant.socket('anna', 0), await tenant.socket('ben', 1)];
    const other = await system.tenant(tier);
    await other.users('carl');
    const stranger = await other.socket('carl', 1);
    await agree(tenant, { users: 20 });
    const put = (id: string, process = 0) => tenant.server(process).put(`/v1/users/${id}`, { display_name: id });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => put(`user-${n}`, n % 2)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(18);
    expect(answers.filter(({ status }) => status !== 201)).toHaveLength(22);
    for (const answer of answers) if (answer.status !== 201) expect(answer).toMatchObject(EXCEEDED);
    expect(answers.find(({ status }) => status === 402)!.headers.get('content-type')).toContain('problem+json');
    expect((await usageOf(tenant)).quotas.users.used).toBe(20);
    await waitFor('everybody is warned', 5_000, () => clients.every((client) => warningsTo(client).length >= 2));
    for (const client of clients) expect(warningsTo(client).sort()).toEqual(['users 80', 'users 95']);

    expect(await put('anna')).toMatchObject({ status: 200 });
    expect(await tenant.server().patch('/v1/users/ben', { display_name: 'Ben' })).toMatchObject({ status: 200 });
    await tenant.server().delete('/v1/users/ben');
    expect(await put('zoe', 1)).toMatchObject({ status: 201 });
    expect(await put('ben')).toMatchObject(EXCEEDED);
    await tenant.server(1).delete('/v1/users/zoe');
    expect(await put('ben')).toMatchObject({ status: 201 });
    expect((await usageOf(tenant)).warnings.map(({ percent }: { percent: number }) => percent).sort()).toEqual([
      80, 95,
    ]);
    expect(warningsTo(stranger)).toEqual([]);
    expect(await verify(tenant)).toMatchObject({ code: 0, found: { drift: 0, counted: { users: { all: 20 } } } });
  });

  it('stops messages at the month’s quota exactly, over two processes, REST and sockets, and nothing else', async () => {
    const clients = [await tenant.socket('anna', 0), await tenant.socket('anna', 1)];
    const rooms = [room, ...(await Promise.all([1, 2, 3].map(conversation)))];
    const first = (await send('first')).body;
    await agree(tenant, { messages: 40 });
    const answers = await Promise.all(
      Array.from({ length: 120 }, async (_, n) => {
        const to = rooms[n % rooms.length]!;
        if (n % 3 > 0) return (await send(`m-${n}`, n % 2, to)).status;
        const message = { conversation_id: to.id, client_message_id: `m-${n}`, text: 'text' };
        const answer = await clients[n % 2]!.send('message.send', message);
        if (!answer.ok) expect(answer.error).toMatchObject(EXCEEDED.body);
        return answer.ok ? 201 : (answer.error.status as number);
      }),
    );
    expect(answers.filter((status) => status === 201)).toHaveLength(39);
    expect(answers.filter((status) => status === 402)).toHaveLength(81);
    await eventually(async () => expect((await usageOf(tenant)).quotas.messages.used).toBe(40));
    await waitFor('it is told', 5_000, () => clients.every((client) => warningsTo(client).length >= 2));
    for (const client of clients) expect(warningsTo(client).sort()).toEqual(['messages 80', 'messages 95']);
    const [told] = clients[0]!.of('quota.warning').filter(({ data }) => data.percent === 80);
    expect(told!.data).toMatchObject({ limit: 40, period: thisMonth() });
    expect(told!.data.used).toBeGreaterThanOrEqual(32);

    // What was accepted is answered again, and all else goes on.
    const again = await send('first', 1);
    expect(again).toMatchObject({ status: 200, body: { id: first.id } });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const path = `/v1/messages/${first.id}`;
    expect(await tenant.acting('anna').post(`${path}/forward`, forwarding())).toMatchObject(EXCEEDED);
    expect(await tenant.acting('anna').patch(path, { text: 'edited' })).toMatchObject({ status: 200 });
    expect(await tenant.acting('ben').put(`${path}/reactions/👍`)).toMatchObject({ status: 201 });
    expect(await tenant.acting('ben').get(`${room.path}/messages`)).toMatchObject({ status: 200 });
    expect(await tenant.acting('anna').delete(path)).toMatchObject({ status: 200 });
    expect(await send('one more')).toMatchObject(EXCEEDED);
    expect(await verify(tenant)).toMatchObject({ code: 0, found: { drift: 0 } });

    await agree(tenant, { messages: 41 });
    expect(await send('one more', 1)).toMatchObject({ status: 201 });
    expect(await send('two more')).toMatchObject(EXCEEDED);
    expect(warningsTo(clients[0]!).length).toBeLessThanOrEqual(4);
  });

  const forwarding = () => ({ conversation_id: room.id, client_message_id: 'forwarded' });

  it('lets the scheduled messages of a month that is used up fail', async () => {
    await agree(tenant, { messages: 0 });
    const later = { text: 'later', send_at: await tenant.soon() };
    const { body } = await tenant.acting('anna').post(`${room.path}/scheduled-messages`, later);
    let row: Record<string, unknown> = {};
    await waitFor('it is decided', 20_000, async () => {
      row = (await tenant.acting('anna').get(`/v1/scheduled-messages/${body.id}`)).body;
      return row['state'] === 'failed';
    });
    expect(row).toMatchObject({ failed_because: 'quota_exceeded' });
  });

  it('stops uploads at the quota of bytes', async () => {
    await agree(tenant, { storage_bytes: 10_000 });
    const upload = async (bytes: number) => {
      const form = new FormData();
      form.append('file', new Blob(['x'.repeat(bytes)], { type: 'text/plain' }), 'x.txt');
      const answer = await tenant.acting('anna').raw('POST', '/v1/files', {}, form);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const client = await tenant.socket('ben', 1);
    const made = await upload(9_000);
    expect(made.status).toBe(201);
    expect(await upload(1_001)).toMatchObject(EXCEEDED);
    await waitFor('it is told', 5_000, () => warningsTo(client).length > 0);
    expect(warningsTo(client)).toEqual(['storage_bytes 80']);
    expect((await usageOf(tenant)).quotas.storage_bytes.used).toBe(9_000);
    expect(await verify(tenant)).toMatchObject({ code: 0, found: { counted: { storage_bytes: { all: 9_000 } } } });
    await tenant.acting('anna').delete(`/v1/files/${made.body['id'] as string}`);
    expect(await upload(1_001)).toMatchObject({ status: 201 });
  });

  it('refuses sockets above the quota at their handshake, whichever process they come to', async () => {
    await agree(tenant, { connections: 2 });
    const [first] = [await tenant.socket('anna', 0), await tenant.socket('ben', 1)];
    for (const process of [0, 1]) {
      await expect(tenant.socket('anna', process)).rejects.toMatchObject({
        data: { code: 'quota_exceeded', status: 402 },
      });
    }
    expect((await usageOf(tenant)).quotas.connections.used).toBe(2);
    const other = await system.tenant(tier);
    await other.users('carl');
    await other.socket('carl');
    first.socket.disconnect();
    await waitFor('the place is free', 5_000, async () => (await usageOf(tenant)).quotas.connections.used === 1);
    const next = await tenant.socket('ben', 1);
    expect(next.socket.connected).toBe(true);
  });

  it('begins again with the month, and remembers the months before', async () => {
    for (const id of ['1', '2', '3']) await send(id);
    await agree(tenant, { messages: 3 });
    await waitFor('it is used up', 5_000, async () => (await send('4')).status === 402);
    await moveToLastMonth();
    await waitFor('processes see it', 20_000, async () => (await send('5', 1)).status === 201);
    const month = lastMonth().toISOString().slice(0, 7);
    await eventually(async () =>
      expect(await usageOf(tenant)).toMatchObject({
        quotas: { messages: { used: 1 } },
        months: [
          { month: thisMonth(), messages: 1 },
          { month, messages: 3 },
        ],
      }),
    );
    expect((await verify(tenant)).found).toMatchObject({
      drift: 0,
      counted: { messages: { [thisMonth()]: 1, [month]: 3 } },
    });
  });

  /** What was sent until now was sent last month. */
  async function moveToLastMonth(): Promise<void> {
    const rows = await TenantRows.open(tenant.id, tier);
    const own = { tenant_id: tenant.id };
    await rows.of('messages').updateMany(own, { $set: { created_at: lastMonth() } });
    const period = lastMonth().toISOString().slice(0, 7);
    await rows.of('conversations').updateMany(own, { $set: { sent: { [period]: 3 } } });
    await rows.close();
  }

  it('counts what was deleted, archived and has expired, and a changed count is drift', async () => {
    for (const id of ['1', '2', '3', '4']) await send(id);
    const gone = await conversation();
    await send('x', 0, gone);
    await tenant.acting('anna').delete(gone.path);
    const archive = (...words: string[]) =>
      caas(['archive', ...words, '--tenant', tenant.id], { ARCHIVE_AFTER_DAYS: '0' });
    expect((await archive('run')).code).toBe(0);
    await send('5');
    await eventually(async () => expect((await usageOf(tenant)).quotas.messages.used).toBe(6));
    const counted = { users: { all: 2 }, messages: { [thisMonth()]: 6 }, storage_bytes: { all: 0 } };
    const cleaned = async () => {
      const { code, found } = await verify(tenant);
      const months = Object.entries(found.counted.messages as Record<string, number>).filter(([, count]) => count > 0);
      return { code, found: { ...found, counted: { ...found.counted, messages: Object.fromEntries(months) } } };
    };
    expect(await cleaned()).toEqual({ code: 0, found: { counted, drift: 0, drifts: [] } });
    const rows = await TenantRows.open(tenant.id, tier);
    const expired = await rows
      .of('archive_segments')
      .updateMany({ tenant_id: tenant.id, state: 'pruned' }, { $set: { state: 'expired' } });
    expect(expired.modifiedCount).toBe(2);
    await rows.of('conversations').updateMany({ tenant_id: tenant.id }, { $inc: { archive_version: 1 } });
    expect(await cleaned()).toEqual({ code: 0, found: { counted, drift: 0, drifts: [] } });

    await rows
      .of('conversations')
      .updateOne({ tenant_id: tenant.id, deleted_at: null }, { $inc: { [`sent.${thisMonth()}`]: 2 } });
    await rows.close();
    const drift = { quota: 'messages', period: thisMonth(), kept: 8, counted: 6 };
    expect(await verify(tenant)).toMatchObject({ code: 1, found: { drift: 1, drifts: [drift] } });
    const recounted = await caas(['usage', 'recount', '--tenant', tenant.id]);
    const corrected = { tenant_id: tenant.id, corrected: [drift], busy: false };
    expect(recounted).toMatchObject({ code: 0, found: { dry_run: false, tenants: [corrected] } });
    expect(await verify(tenant)).toMatchObject({ code: 0, found: { drift: 0 } });
  });
});
