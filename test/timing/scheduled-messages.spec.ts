import { Redis } from 'ioredis';
import { ObjectId } from 'mongodb';
import { itOnEachTier, sharedSystem, waitFor, type Caller, type TestedTier } from '#caas/testing';
import { TenantRows } from '../support/tenant-rows';

const system = sharedSystem();
let redis: Redis;
beforeAll(() => {
  redis = new Redis(process.env.REDIS_URL!);
});
afterAll(() => redis.disconnect());

const DAY_MS = 24 * 60 * 60_000;
const after = (time: Date, ms: number): string => new Date(time.getTime() + ms).toISOString();
const inMs = (ms: number): string => after(new Date(), ms);

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

describe('Scheduled messages', () => {
  const tenants = {
    free: system.session('free'),
    pro: system.session('pro'),
    enterprise: system.session('enterprise'),
  };
  let round = 0;

  /** Each test has people of its own: Anna and Ben in a room, and Eve who is not. */
  async function people(tier: TestedTier) {
    round += 1;
    const tenant = tenants[tier];
    const [anna, ben, eve] = [`anna${round}`, `ben${round}`, `eve${round}`];
    await tenant.users(anna, ben, eve);
    const room = await tenant.room(anna, [ben]);
    const to = `${room.path}/scheduled-messages`;
    const callers = { anna: tenant.as(anna), ben: tenant.as(ben), eve: tenant.as(eve) };
    return { tenant, names: { anna, ben, eve }, ...callers, room, path: room.path, to };
  }

  itOnEachTier(
    'are sent at their time, by their owner, to sockets at another process, and nobody hears of them before',
    async (tier) => {
      const { tenant, names, anna, ben, room, path, to } = await people(tier);
      const [hers, his] = [await tenant.socket(names.anna, 0), await tenant.socket(names.ben, 1)];
      const send_at = (await tenant.soon()).toISOString();
      const mentions = [names.ben];
      const made = await anna.post(to, { text: 'good morning', mentions, send_at });
      expect(made).toMatchObject({
        status: 201,
        body: { state: 'pending', send_at, message: { text: 'good morning', mentions }, message_id: null },
      });
      expect(Object.keys(made.body.message as object).sort()).toEqual(['mentions', 'text']);
      const { id } = made.body;
      expect((await anna.get(`${to}?state=pending`)).body.data).toMatchObject([{ id }]);
      expect((await anna.get('/v1/scheduled-messages')).body.data).toMatchObject([{ id }]);
      expect((await ben.get('/v1/scheduled-messages')).body.data).toEqual([]);
      expect((await ben.get(to)).body.data).toEqual([]);

      await waitFor('the message', 30_000, () => his.of('message.created').length > 0);
      expect(Date.now()).toBeGreaterThanOrEqual(new Date(send_at).getTime());
      expect(his.of('message.created')).toMatchObject([
        { conversation_id: room.id, seq: 1, data: { text: 'good morning', sender: { user_external_id: names.anna } } },
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
    },
  );

  itOnEachTier('are scheduled once per Idempotency-Key', async (tier) => {
    const { anna, to } = await people(tier);
    const body = { text: 'once', send_at: inMs(DAY_MS) };
    const key = { 'idempotency-key': 'the-same' };
    const [one, two] = [await anna.post(to, body, key), await anna.post(to, body, key)];
    expect(one.status).toBe(201);
    expect(two.body.id).toBe(one.body.id);
    expect((await anna.get('/v1/scheduled-messages')).body.data).toHaveLength(1);
  });

  itOnEachTier('are cancelled by their owner alone, also twice, and then never sent', async (tier) => {
    const { tenant, anna, ben, path, to } = await people(tier);
    const { body: first } = await anna.post(to, { text: 'no', send_at: await tenant.soon() });
    const own = `/v1/scheduled-messages/${first.id}`;
    for (const answer of [await ben.get(own), await ben.delete(own)]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'scheduled_message_not_found' } });
    }
    expect((await anna.delete(own)).status).toBe(204);
    expect((await anna.delete(own)).status).toBe(204);
    expect((await anna.get(own)).body).toMatchObject({ state: 'cancelled', message: null });
    // What was due after it has been sent: it would have been, too.
    const { body: later } = await anna.post(to, { text: 'yes', send_at: await tenant.soon() });
    expect(await settled(anna, later.id)).toMatchObject({ state: 'sent' });
    expect((await sentIn(anna, path)).map(({ text }) => text)).toEqual(['yes']);
  });

  itOnEachTier('are either sent or cancelled when both happen at once', async (tier) => {
    const { tenant, anna, path, to } = await people(tier);
    const first = await tenant.soon();
    const ids: string[] = [];
    /** A slow machine comes too late with some: those are refused, and not there. */
    const schedule = async (send_at: string) => {
      const { status, body } = await anna.post(to, { text: `m${ids.length}`, send_at });
      if (status === 201) ids.push(body.id);
    };
    for (let n = 0; n < 19; n += 1) await schedule(after(first, 100 * n));
    await schedule(inMs(DAY_MS));
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

  itOnEachTier(
    'are changed by their owner until their time, with ETag and If-Match, and sent as changed',
    async (tier) => {
      const { tenant, names, anna, ben, eve, path, to } = await people(tier);
      const hers = await tenant.socket(names.anna, 1);
      const given = { text: 'one', mentions: [names.ben], metadata: { a: 1 }, send_at: inMs(DAY_MS) };
      const { body: made, etag } = await anna.post(to, given);
      const own = `/v1/scheduled-messages/${made.id}`;
      expect((await anna.get(own)).etag).toBe(etag);
      const first = await anna.patch(own, { text: 'two', metadata: null }, { 'if-match': etag! });
      expect(first).toMatchObject({ status: 200, body: { state: 'pending', send_at: made.send_at } });
      expect(first.body.message).toEqual({ text: 'two', mentions: [names.ben] });
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
        [{ mentions: [names.eve] }, 'unknown_mentions'],
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
      expect((await anna.patch(own, { send_at: await tenant.soon() })).status).toBe(200);
      expect(await settled(anna, made.id)).toMatchObject({ state: 'sent', message: null });
      expect(await sentIn(ben, path)).toMatchObject([{ text: 'four', mentions: [], metadata: null }]);
      const late = { status: 409, body: { code: 'not_pending' } };
      expect(await anna.patch(own, { text: 'five' })).toMatchObject(late);
      await waitFor('news of each change', 10_000, () => {
        const states = hers.of('scheduled_message.updated').filter(({ data }) => data['id'] === made.id);
        return states.filter(({ data }) => data['state'] === 'pending').length === 5;
      });
      const { body: other } = await anna.post(to, given);
      expect((await anna.delete(`/v1/scheduled-messages/${other.id}`)).status).toBe(204);
      expect(await anna.patch(`/v1/scheduled-messages/${other.id}`, { text: 'x' })).toMatchObject(late);
    },
  );

  itOnEachTier('are put off by their owner: what was due before is not sent then', async (tier) => {
    const { tenant, anna, path, to } = await people(tier);
    const { body: put } = await anna.post(to, { text: 'put off', send_at: await tenant.soon() });
    const { body: next } = await anna.post(to, { text: 'on time', send_at: await tenant.soon() });
    expect((await anna.patch(`/v1/scheduled-messages/${put.id}`, { send_at: inMs(DAY_MS) })).status).toBe(200);
    expect(await settled(anna, next.id)).toMatchObject({ state: 'sent' });
    expect((await anna.get(`/v1/scheduled-messages/${put.id}`)).body).toMatchObject({ state: 'pending' });
    expect((await sentIn(anna, path)).map(({ text }) => text)).toEqual(['on time']);
  });

  itOnEachTier('are sent as changed, or not changed, when both happen at once', async (tier) => {
    const { tenant, anna, path, to } = await people(tier);
    const first = await tenant.soon();
    const ids: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      const { body } = await anna.post(to, { text: `m${n}`, send_at: after(first, 100 * n) });
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

  itOnEachTier('are refused at their time for who may not send any more, and the owner hears why', async (tier) => {
    const { tenant, names, anna, ben, path, to } = await people(tier);
    const live = await tenant.socket(names.ben, 1);
    const { body: row } = await ben.post(to, { text: 'too late', send_at: await tenant.soon() });
    expect((await anna.delete(`${path}/members/${names.ben}`)).status).toBe(204);
    const direct = await tenant.room(names.anna, [names.eve], { type: 'direct' });
    const { body: blocked } = await anna.post(`${direct.path}/scheduled-messages`, {
      text: 'hello?',
      send_at: await tenant.soon(),
    });
    const block = await tenant.acting(names.eve).put(`/v1/users/me/relationships/${names.anna}`, { type: 'block' });
    expect(block.status).toBeLessThan(300);

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
    expect(await ben.get(to)).toMatchObject({ status: 404 });
    expect(await settled(anna, blocked.id)).toMatchObject({ state: 'failed', failed_because: 'blocked' });
  });

  itOnEachTier('are not sent again when an attempt before stored the message and could not say so', async (tier) => {
    const { tenant, names, anna, ben, room, path, to } = await people(tier);
    const { body: row } = await anna.post(to, { text: 'once', send_at: await tenant.soon() });
    const sent = { client_message_id: `scheduled:${row.id}`, text: 'once' };
    const message = await tenant.message(names.anna, room, sent);
    expect(await settled(anna, row.id)).toMatchObject({ state: 'sent', message_id: message.id });
    expect(await sentIn(ben, path)).toHaveLength(1);
  });

  itOnEachTier('are sent also when Redis has forgotten when', async (tier) => {
    const { tenant, anna, to } = await people(tier);
    const { body: row } = await anna.post(to, { text: 'still', send_at: await tenant.soon() });
    expect(await redis.zrem('caas:scheduled:due', `${tenant.id}:${row.id}`)).toBe(1);
    expect(await settled(anna, row.id)).toMatchObject({ state: 'sent' });
  });

  itOnEachTier('are refused for an owner who was deactivated, and not sent when they are back', async (tier) => {
    const { tenant, names, anna, ben, path, to } = await people(tier);
    const { body: row } = await anna.post(to, { text: 'gone', send_at: await tenant.soon() });
    expect((await tenant.server().patch(`/v1/users/${names.anna}`, { status: 'deactivated' })).status).toBe(200);
    const { body: later } = await ben.post(to, { text: 'here', send_at: await tenant.soon() });
    const rows = await TenantRows.open(tenant.id, tier);
    // Nobody else may see it, and she may not ask.
    await waitFor('hers is at its end', 30_000, async () => {
      const found = await rows.of('scheduled_messages').findOne({ _id: new ObjectId(row.id as string) });
      return found?.['state'] === 'failed';
    }).finally(() => rows.close());
    expect(await settled(ben, later.id)).toMatchObject({ state: 'sent' });
    expect((await tenant.server().patch(`/v1/users/${names.anna}`, { status: 'active' })).status).toBe(200);
    const failed = { state: 'failed', failed_because: 'user_deactivated' };
    expect(await settled(tenant.acting(names.anna), row.id)).toMatchObject(failed);
    expect((await sentIn(ben, path)).map(({ text }) => text)).toEqual(['here']);
  });

  itOnEachTier(
    'are refused at once for a wrong time, for nothing to send, for strangers, and past a hundred',
    async (tier) => {
      const { names, anna, eve, to } = await people(tier);
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
      const mentions = [names.eve];
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
    },
  );
});

it('takes up again what a killed worker left half done, whether or not the message was stored by then', async () => {
  const tenant = await system.tenant('free');
  await tenant.users('anna');
  const anna = tenant.as('anna');
  const room = await tenant.room('anna', []);
  const ids: string[] = [];
  for (const text of ['stored', 'not stored']) {
    const { body } = await anna.post(`${room.path}/scheduled-messages`, { text, send_at: inMs(DAY_MS) });
    ids.push(body.id);
  }
  await tenant.message('anna', room, { client_message_id: `scheduled:${ids[0]}`, text: 'stored' });
  const rows = await TenantRows.open(tenant.id, 'free');
  try {
    const where = { tenant_id: tenant.id, _id: { $in: ids.map((id) => new ObjectId(id)) } };
    const left = { $set: { state: 'sending', due_at: new Date() } };
    expect(await rows.of('scheduled_messages').updateMany(where, left)).toMatchObject({ modifiedCount: 2 });
  } finally {
    await rows.close();
  }
  for (const id of ids) expect(await settled(anna, id)).toMatchObject({ state: 'sent' });
  const { body: page } = await anna.get(`${room.path}/messages?direction=forward`);
  expect(page.data).toMatchObject([{ text: 'stored' }, { text: 'not stored' }]);
  expect(page.data).toHaveLength(2);
});
