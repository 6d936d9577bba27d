import { Redis } from 'ioredis';
import { MongoClient, ObjectId } from 'mongodb';
import { waitFor } from '../../tools/stack';
import { TestSystem, type Caller } from '../support/test-system';

const system = new TestSystem();
let redis: Redis;
beforeAll(() => {
  redis = new Redis(process.env.REDIS_URL!);
  return system.start();
});
afterAll(async () => {
  redis.disconnect();
  await system.stop();
});

const DAY_MS = 24 * 60 * 60_000;
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe.each(['free', 'pro', 'enterprise'] as const)('Scheduled messages on the tier %s', (tier) => {
  async function people() {
    const tenant = await system.tenant(tier);
    const [anna, ben, eve] = [await tenant.user('anna'), await tenant.user('ben'), await tenant.user('eve')];
    const { body: group } = await anna.post('/v1/conversations', { type: 'group', member_ids: ['ben'] });
    const path = `/v1/conversations/${group.id}`;
    return { tenant, anna, ben, eve, group, path };
  }

  /** The row, once it is at its end. */
  async function settled(owner: Caller, id: string) {
    let body: Record<string, unknown> = {};
    await waitFor(`${id} is at its end`, 30_000, async () => {
      ({ body } = await owner.get(`/v1/scheduled-messages/${id}`));
      return body['state'] !== 'pending' && body['state'] !== 'sending';
    });
    return body;
  }

  const sentIn = async (caller: Caller, path: string) =>
    (await caller.get(`${path}/messages?limit=100`)).body.data as { id: string; text: string }[];

  it('are sent at their time, by their owner, to sockets at another process, and nobody hears of them before', async () => {
    const { tenant, anna, ben, group, path } = await people();
    const [hers, his] = [await tenant.socket('anna', 0), await tenant.socket('ben', 1)];
    const send_at = inMs(2_000);
    const made = await anna.post(`${path}/scheduled-messages`, { text: 'good morning', mentions: ['ben'], send_at });
    expect(made).toMatchObject({
      status: 201,
      body: { state: 'pending', send_at, message: { text: 'good morning', mentions: ['ben'] }, message_id: null },
    });
    expect(Object.keys(made.body.message as object).sort()).toEqual(['mentions', 'text']);
    const { id } = made.body;
    expect((await anna.get(`${path}/scheduled-messages?state=pending`)).body.data).toMatchObject([{ id }]);
    expect((await anna.get('/v1/scheduled-messages')).body.data).toMatchObject([{ id }]);
    expect((await ben.get('/v1/scheduled-messages')).body.data).toEqual([]);
    expect((await ben.get(`${path}/scheduled-messages`)).body.data).toEqual([]);

    await waitFor('the message', 30_000, () => his.of('message.created').length > 0);
    expect(Date.now()).toBeGreaterThanOrEqual(new Date(send_at).getTime());
    expect(his.of('message.created')).toMatchObject([
      { conversation_id: group.id, seq: 1, data: { text: 'good morning', sender: { user_external_id: 'anna' } } },
    ]);
    const row = await settled(anna, id);
    const [message] = await sentIn(ben, path);
    // Nothing of the text is kept beside the message.
    expect(row).toMatchObject({ state: 'sent', message_id: message!.id, message: null, failed_because: null });
    expect((await anna.get('/v1/scheduled-messages?state=pending')).body.data).toEqual([]);
    await waitFor('news for the owner', 10_000, () =>
      hers.of('scheduled_message.updated').some(({ data }) => data['state'] === 'sent'),
    );
    expect(his.of('scheduled_message.updated')).toEqual([]);
    expect(await anna.delete(`/v1/scheduled-messages/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'not_pending' },
    });
  });

  it('are scheduled once per Idempotency-Key', async () => {
    const { anna, path } = await people();
    const body = { text: 'once', send_at: inMs(DAY_MS) };
    const key = { 'idempotency-key': 'the-same' };
    const [one, two] = [
      await anna.call('POST', `${path}/scheduled-messages`, body, key),
      await anna.call('POST', `${path}/scheduled-messages`, body, key),
    ];
    expect(one.status).toBe(201);
    expect(two.body.id).toBe(one.body.id);
    expect((await anna.get('/v1/scheduled-messages')).body.data).toHaveLength(1);
  });

  it('are cancelled by their owner alone, also twice, and then never sent', async () => {
    const { anna, ben, path } = await people();
    const { body: first } = await anna.post(`${path}/scheduled-messages`, { text: 'no', send_at: inMs(2_000) });
    const { body: later } = await anna.post(`${path}/scheduled-messages`, { text: 'yes', send_at: inMs(2_500) });
    const own = `/v1/scheduled-messages/${first.id}`;
    for (const answer of [await ben.get(own), await ben.delete(own)]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'scheduled_message_not_found' } });
    }
    expect((await anna.delete(own)).status).toBe(204);
    expect((await anna.delete(own)).status).toBe(204);
    expect((await anna.get(own)).body).toMatchObject({ state: 'cancelled', message: null });
    // What was due after it has been sent: it would have been, too.
    expect(await settled(anna, later.id)).toMatchObject({ state: 'sent' });
    expect((await sentIn(anna, path)).map(({ text }) => text)).toEqual(['yes']);
  });

  it('are either sent or cancelled when both happen at once', async () => {
    const { anna, path } = await people();
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      const { body } = await anna.post(`${path}/scheduled-messages`, { text: `m${n}`, send_at: inMs(1_500 + 150 * n) });
      ids.push(body.id);
    }
    await waitFor('the first of them', 30_000, async () => {
      const { body } = await anna.get('/v1/scheduled-messages?state=pending&limit=100');
      return body.data.length < ids.length;
    });
    const cancelled = await Promise.all(ids.map((id) => anna.delete(`/v1/scheduled-messages/${id}`)));
    for (const [at, { status }] of cancelled.entries()) {
      expect((await settled(anna, ids[at]!))['state']).toBe(status === 204 ? 'cancelled' : 'sent');
    }
    // The first had been taken up when the cancelling began, and the last was not due yet.
    expect(new Set(cancelled.map(({ status }) => status))).toEqual(new Set([204, 409]));
    const kept = cancelled.flatMap(({ status }, at) => (status === 204 ? [] : [`m${at}`]));
    expect((await sentIn(anna, path)).map(({ text }) => text).sort()).toEqual(kept.sort());
  });

  it('are changed by their owner until their time, with ETag and If-Match, and sent as changed', async () => {
    const { tenant, anna, ben, eve, path } = await people();
    const hers = await tenant.socket('anna', 1);
    const given = { text: 'one', mentions: ['ben'], metadata: { a: 1 }, send_at: inMs(DAY_MS) };
    const { body: made, etag } = await anna.post(`${path}/scheduled-messages`, given);
    const own = `/v1/scheduled-messages/${made.id}`;
    expect((await anna.get(own)).etag).toBe(etag);
    const first = await anna.patch(own, { text: 'two', metadata: null }, { 'if-match': etag! });
    expect(first).toMatchObject({ status: 200, body: { state: 'pending', send_at: made.send_at } });
    expect(first.body.message).toEqual({ text: 'two', mentions: ['ben'] });
    expect(first.etag).not.toBe(etag);
    const stale = await anna.patch(own, { text: 'three' }, { 'if-match': etag! });
    expect(stale).toMatchObject({ status: 412, body: { code: 'stale_version' } });
    for (const caller of [ben, eve]) {
      const code = 'scheduled_message_not_found';
      expect(await caller.patch(own, { text: 'theirs' })).toMatchObject({ status: 404, body: { code } });
    }
    for (const [body, code] of [
      [{}, 'nothing_to_change'],
      [{ text: null }, 'empty_message'],
      [{ send_at: inMs(-1_000) }, 'invalid_send_at'],
      [{ mentions: ['eve'] }, 'unknown_mentions'],
      [{ reply_to_id: made.id }, 'unknown_reply'],
      [{ thread_root_id: made.id }, 'unknown_thread_root'],
      [{ client_message_id: 'mine' }, 'validation_failed'],
      [{ send_at: null }, 'validation_failed'],
    ] as const) {
      expect(await anna.patch(own, body)).toMatchObject({ status: 400, body: { code } });
    }
    // Two devices at once: neither undoes what the other did.
    const both = await Promise.all([anna.patch(own, { text: 'four' }), anna.patch(own, { mentions: [] })]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect((await anna.get(own)).body.message).toEqual({ text: 'four', mentions: [] });
    expect((await anna.patch(own, { send_at: inMs(500) })).status).toBe(200);
    expect(await settled(anna, made.id)).toMatchObject({ state: 'sent', message: null });
    expect(await sentIn(ben, path)).toMatchObject([{ text: 'four', mentions: [], metadata: null }]);
    const late = { status: 409, body: { code: 'not_pending' } };
    expect(await anna.patch(own, { text: 'five' })).toMatchObject(late);
    await waitFor('news of each change', 10_000, () => {
      const states = hers.of('scheduled_message.updated').filter(({ data }) => data['id'] === made.id);
      return states.filter(({ data }) => data['state'] === 'pending').length === 5;
    });
    const { body: other } = await anna.post(`${path}/scheduled-messages`, given);
    expect((await anna.delete(`/v1/scheduled-messages/${other.id}`)).status).toBe(204);
    expect(await anna.patch(`/v1/scheduled-messages/${other.id}`, { text: 'x' })).toMatchObject(late);
  });

  it('are put off by their owner: what was due before is not sent then', async () => {
    const { anna, path } = await people();
    const { body: put } = await anna.post(`${path}/scheduled-messages`, { text: 'put off', send_at: inMs(700) });
    const { body: next } = await anna.post(`${path}/scheduled-messages`, { text: 'on time', send_at: inMs(1_000) });
    expect((await anna.patch(`/v1/scheduled-messages/${put.id}`, { send_at: inMs(DAY_MS) })).status).toBe(200);
    expect(await settled(anna, next.id)).toMatchObject({ state: 'sent' });
    expect((await anna.get(`/v1/scheduled-messages/${put.id}`)).body).toMatchObject({ state: 'pending' });
    expect((await sentIn(anna, path)).map(({ text }) => text)).toEqual(['on time']);
  });

  it('are sent as changed, or not changed, when both happen at once', async () => {
    const { anna, path } = await people();
    const ids: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      const { body } = await anna.post(`${path}/scheduled-messages`, { text: `m${n}`, send_at: inMs(1_000 + 100 * n) });
      ids.push(body.id);
    }
    // Each as often as it can be, until it is sent: some change comes as close to the sending as can be.
    const last = await Promise.all(
      ids.map(async (id, at) => {
        let said = `m${at}`;
        for (let turn = 0; ; turn += 1) {
          const { status, body } = await anna.patch(`/v1/scheduled-messages/${id}`, { text: `${at}, turn ${turn}` });
          if (status !== 200) {
            expect(body.code).toBe('not_pending');
            return said;
          }
          said = `${at}, turn ${turn}`;
        }
      }),
    );
    for (const id of ids) expect(await settled(anna, id)).toMatchObject({ state: 'sent' });
    expect((await sentIn(anna, path)).map(({ text }) => text).sort()).toEqual(last.sort());
  });

  it('are refused at their time for who may not send any more, and the owner hears why', async () => {
    const { tenant, anna, ben, path } = await people();
    const live = await tenant.socket('ben', 1);
    const { body: row } = await ben.post(`${path}/scheduled-messages`, { text: 'too late', send_at: inMs(2_000) });
    expect((await anna.delete(`${path}/members/ben`)).status).toBe(204);
    expect(await settled(ben, row.id)).toMatchObject({
      state: 'failed',
      failed_because: 'conversation_not_found',
      message: { text: 'too late' },
      message_id: null,
    });
    await waitFor('news', 10_000, () =>
      live.of('scheduled_message.updated').some(({ data }) => data['failed_because'] === 'conversation_not_found'),
    );
    expect(await sentIn(anna, path)).toEqual([]);
    expect(await ben.get(`${path}/scheduled-messages`)).toMatchObject({ status: 404 });

    const { body: direct } = await anna.post('/v1/conversations', { type: 'direct', member_ids: ['eve'] });
    const to = `/v1/conversations/${direct.id}/scheduled-messages`;
    const { body: blocked } = await anna.post(to, { text: 'hello?', send_at: inMs(1_500) });
    const block = await tenant.acting('eve').put('/v1/users/me/relationships/anna', { type: 'block' });
    expect(block.status).toBeLessThan(300);
    expect(await settled(anna, blocked.id)).toMatchObject({ state: 'failed', failed_because: 'blocked' });
  });

  it('are not sent again when an attempt before stored the message and could not say so', async () => {
    const { anna, ben, path } = await people();
    const { body: row } = await anna.post(`${path}/scheduled-messages`, { text: 'once', send_at: inMs(2_000) });
    const sent = { client_message_id: `scheduled:${row.id}`, text: 'once' };
    const { body: message } = await anna.post(`${path}/messages`, sent);
    expect(await settled(anna, row.id)).toMatchObject({ state: 'sent', message_id: message.id });
    expect(await sentIn(ben, path)).toHaveLength(1);
  });

  it('are sent also when Redis has forgotten when', async () => {
    const { tenant, anna, path } = await people();
    const { body: row } = await anna.post(`${path}/scheduled-messages`, { text: 'still', send_at: inMs(1_000) });
    expect(await redis.zrem('caas:scheduled:due', `${tenant.id}:${row.id}`)).toBe(1);
    expect(await settled(anna, row.id)).toMatchObject({ state: 'sent' });
  });

  it('are refused for an owner who was deactivated, and not sent when they are back', async () => {
    const { tenant, anna, ben, path } = await people();
    const { body: row } = await anna.post(`${path}/scheduled-messages`, { text: 'gone', send_at: inMs(1_500) });
    expect((await tenant.server().patch('/v1/users/anna', { status: 'deactivated' })).status).toBe(200);
    const { body: later } = await ben.post(`${path}/scheduled-messages`, { text: 'here', send_at: inMs(4_500) });
    expect(await settled(ben, later.id)).toMatchObject({ state: 'sent' });
    expect((await tenant.server().patch('/v1/users/anna', { status: 'active' })).status).toBe(200);
    const failed = { state: 'failed', failed_because: 'user_deactivated' };
    expect(await settled(tenant.acting('anna'), row.id)).toMatchObject(failed);
    expect((await sentIn(ben, path)).map(({ text }) => text)).toEqual(['here']);
  });

  it('are refused at once for a wrong time, for nothing to send, for strangers, and past a hundred', async () => {
    const { anna, eve, path } = await people();
    const to = `${path}/scheduled-messages`;
    for (const send_at of [inMs(-1_000), inMs(366 * DAY_MS)]) {
      expect(await anna.post(to, { text: 'x', send_at })).toMatchObject({
        status: 400,
        body: { code: 'invalid_send_at' },
      });
    }
    const send_at = inMs(DAY_MS);
    expect(await anna.post(to, { text: 'x', send_at: 'tomorrow' })).toMatchObject({ status: 400 });
    expect(await anna.post(to, { text: 'x' })).toMatchObject({ status: 400 });
    expect(await anna.post(to, { text: 'x', send_at, client_message_id: 'mine' })).toMatchObject({ status: 400 });
    expect(await anna.post(to, { send_at })).toMatchObject({ status: 400, body: { code: 'empty_message' } });
    const mentions = ['eve'];
    expect(await anna.post(to, { text: 'x', mentions, send_at })).toMatchObject({
      status: 400,
      body: { code: 'unknown_mentions' },
    });
    expect(await eve.post(to, { text: 'x', send_at })).toMatchObject({ status: 404 });
    expect(await anna.get('/v1/scheduled-messages?state=lost')).toMatchObject({ status: 400 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => anna.post(to, { text: 'x', send_at })));
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(201));
    expect(await anna.post(to, { text: 'x', send_at })).toMatchObject({
      status: 400,
      body: { code: 'too_many_scheduled' },
    });
    const { body: page } = await anna.get(`${to}?limit=60`);
    const { body: rest } = await anna.get(`${to}?limit=60&cursor=${page.page.next_cursor}`);
    const ids = [...page.data, ...rest.data].map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(100);
  });
});

it('takes up again what a killed worker left half done, whether or not the message was stored by then', async () => {
  const tenant = await system.tenant('free');
  const anna = await tenant.user('anna');
  const { body: group } = await anna.post('/v1/conversations', { type: 'group', member_ids: [] });
  const path = `/v1/conversations/${group.id}`;
  const rows: string[] = [];
  for (const text of ['stored', 'not stored']) {
    const { body } = await anna.post(`${path}/scheduled-messages`, { text, send_at: inMs(DAY_MS) });
    rows.push(body.id);
  }
  await anna.post(`${path}/messages`, { client_message_id: `scheduled:${rows[0]}`, text: 'stored' });
  const client = await new MongoClient(process.env['MONGODB_URI']!).connect();
  try {
    const where = { tenant_id: tenant.id, _id: { $in: rows.map((id) => new ObjectId(id)) } };
    const left = { $set: { state: 'sending', due_at: new Date() } };
    expect(await client.db('caas_shared').collection('scheduled_messages').updateMany(where, left)).toMatchObject({
      modifiedCount: 2,
    });
  } finally {
    await client.close();
  }
  for (const id of rows) {
    await waitFor(`${id} is sent`, 30_000, async () => {
      const { body } = await anna.get(`/v1/scheduled-messages/${id}`);
      return body.state === 'sent';
    });
  }
  const { body: page } = await anna.get(`${path}/messages?direction=forward`);
  expect(page.data).toMatchObject([{ text: 'stored' }, { text: 'not stored' }]);
  expect(page.data).toHaveLength(2);
});
