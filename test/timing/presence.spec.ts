import { itOnEachTier, sharedSystem, waitFor, type LiveClient, type TestedTier } from '#caas/testing';

const system = sharedSystem();

/** Nobody is told of a user who is back, and written down as such, within this time. */
const GRACE_MS = 5_000;

interface Change {
  user: { user_external_id: string };
  status: string;
  last_seen_at: string | null;
}

/** What a client was told of a user, in order. */
const toldOf = (client: LiveClient, who: string): string[] =>
  client
    .of('presence.changed')
    .flatMap(({ data }) => data.changes as Change[])
    .filter(({ user }) => user.user_external_id === who)
    .map(({ status }) => status);

describe('Presence', () => {
  const tenants = {
    free: system.session('free'),
    pro: system.session('pro'),
    enterprise: system.session('enterprise'),
  };
  let round = 0;

  /** Each test has people of its own: a watcher who shares a conversation with the subject, and a stranger. */
  async function people(tier: TestedTier) {
    round += 1;
    const tenant = tenants[tier];
    const [subject, observer, outsider] = [`subject${round}`, `watcher${round}`, `stranger${round}`];
    await tenant.users(subject, observer, outsider);
    await tenant.room(subject, [observer], { type: 'direct' });
    const [watcher, stranger] = await Promise.all([tenant.socket(observer, 1), tenant.socket(outsider, 1)]);
    return {
      tenant,
      subject,
      observer,
      outsider,
      watcher,
      stranger,
      /** A device of the subject. */
      connect: (process: number) => tenant.socket(subject, process),
      seen: async (by = tenant.acting(observer, 1)): Promise<Change> =>
        (await by.get(`/v1/users/${subject}/presence`)).body as Change,
      async told(...statuses: string[]): Promise<void> {
        const all = await waitFor(`the watcher is told ${statuses.join(', ')}`, 15_000, () => {
          const told = toldOf(watcher, subject);
          return told.length >= statuses.length && told;
        });
        expect(all).toEqual(statuses);
      },
    };
  }

  itOnEachTier('is told to those who share a conversation, on another process, and to nobody else', async (tier) => {
    const { subject, stranger, connect, seen, told } = await people(tier);
    const before = Date.now();
    expect(await seen()).toEqual({
      user: { user_id: expect.any(String), user_external_id: subject, user_display_name: subject },
      status: 'offline',
      last_seen_at: null,
    });
    const client = await connect(0);
    await told('online');
    expect(await seen()).toMatchObject({ status: 'online', last_seen_at: expect.any(String) });
    client.socket.disconnect();
    await told('online', 'offline');
    const after = await seen();
    expect(after.status).toBe('offline');
    expect(Date.parse(after.last_seen_at!)).toBeGreaterThan(before);
    expect(Date.parse(after.last_seen_at!)).toBeLessThanOrEqual(Date.now());
    expect(toldOf(stranger, subject)).toEqual([]);
  });

  itOnEachTier('lasts as long as one of several devices does, at whichever process', async (tier) => {
    const { subject, connect, told } = await people(tier);
    const devices = [await connect(0), await connect(1), await connect(0)];
    await told('online');
    devices[0]!.socket.disconnect();
    devices[2]!.socket.disconnect();
    const answer = await devices[1]!.send('presence.set', { status: 'busy' });
    expect(answer).toMatchObject({ ok: true, data: { status: 'busy', user: { user_external_id: subject } } });
    await told('online', 'busy');
    await devices[1]!.send('presence.set', { status: 'online' });
    await told('online', 'busy', 'online');
    devices[1]!.socket.disconnect();
    await told('online', 'busy', 'online', 'offline');
  });

  itOnEachTier('shows a choice on all devices, keeps it over a break, and takes no other', async (tier) => {
    const { subject, connect, told } = await people(tier);
    const [phone, laptop] = [await connect(0), await connect(1)];
    await told('online');
    await phone.send('presence.set', { status: 'busy' });
    await waitFor('the laptop knows', 5_000, () => toldOf(laptop, subject).includes('busy'));
    await told('online', 'busy');
    for (const { socket } of [phone, laptop]) socket.disconnect();
    await told('online', 'busy', 'offline');
    const again = await connect(1);
    await told('online', 'busy', 'offline', 'busy');
    for (const status of ['offline', 'sleeping', '', null, { $ne: 1 }]) {
      expect(await again.send('presence.set', { status })).toMatchObject({ ok: false, error: { status: 400 } });
    }
  });

  itOnEachTier('shows whoever is invisible as offline to others, and as invisible to themselves', async (tier) => {
    const { tenant, subject, connect, seen, told } = await people(tier);
    const [phone, laptop] = [await connect(0), await connect(1)];
    await told('online');
    expect(await phone.send('presence.set', { status: 'invisible' })).toMatchObject({ data: { status: 'invisible' } });
    await told('online', 'offline');
    const hidden = await seen();
    expect(hidden.status).toBe('offline');
    expect(await seen(tenant.acting(subject))).toMatchObject({ status: 'invisible' });
    expect((await tenant.acting(subject).get('/v1/users/me/presence')).body.status).toBe('invisible');
    await waitFor('the laptop knows', 5_000, () => toldOf(laptop, subject).includes('invisible'));
    expect(toldOf(laptop, subject)).not.toContain('offline');
    await laptop.send('presence.set', { status: 'online' });
    await told('online', 'offline', 'online');
  });

  itOnEachTier('hides from whom a user blocks: no news, and offline when asked', async (tier) => {
    const { tenant, subject, observer, watcher, connect, seen } = await people(tier);
    const other = `other-of-${subject}`;
    await tenant.users(other);
    await tenant.room(subject, [observer, other]);
    await tenant.acting(subject).put(`/v1/users/me/relationships/${observer}`, { type: 'block' });
    const friend = await tenant.socket(other, 1);
    const client = await connect(0);
    await waitFor('the other one is told', 15_000, () => toldOf(friend, subject).includes('online'));
    expect(await seen(tenant.as(observer))).toMatchObject({ status: 'offline', last_seen_at: null });
    expect((await watcher.send('presence.get', { external_ids: [subject, other] })).data).toMatchObject([
      { status: 'offline', last_seen_at: null },
      { status: 'online' },
    ]);
    await client.send('presence.set', { status: 'busy' });
    await waitFor('the other one is told', 15_000, () => toldOf(friend, subject).includes('busy'));
    expect(toldOf(watcher, subject)).toEqual([]);
  });

  itOnEachTier('is not told of somebody who is back in a moment, also at another process', async (tier) => {
    const { tenant, subject, observer, watcher, connect, told } = await people(tier);
    // One at each process, who leaves for good when the subject is back: what there is to tell of the subject comes before.
    const sentinels = [`sentinel0-of-${subject}`, `sentinel1-of-${subject}`];
    await tenant.users(...sentinels);
    await tenant.room(observer, sentinels);
    const leaving = await Promise.all(sentinels.map((name, process) => tenant.socket(name, process)));
    const everySentinel = (status: string) => () => sentinels.every((name) => toldOf(watcher, name).at(-1) === status);
    const token = await tenant.token(subject);
    const started = Date.now();
    const client = await connect(0);
    await told('online');
    const echoMs = Date.now() - started;
    await waitFor('the sentinels are there', 15_000, everySentinel('online'));
    const left = Date.now();
    client.socket.disconnect();
    const again = await tenant.connect(token, 1);
    again.socket.disconnect();
    const third = await tenant.connect(token, 0);
    const isInTime = Date.now() - left + echoMs < GRACE_MS;
    for (const { socket } of leaving) socket.disconnect();
    await waitFor('the sentinels have gone', 15_000, everySentinel('offline'));
    // On a machine that was too slow for it, they were away, and that is told.
    const expected = isInTime ? ['online'] : toldOf(watcher, subject);
    expect(toldOf(watcher, subject)).toEqual(expected);
    third.socket.disconnect();
    await told(...expected, 'offline');
  });

  itOnEachTier('can be asked of many at once, in the order asked', async (tier) => {
    const { tenant, subject, observer, outsider, watcher, connect, told } = await people(tier);
    await connect(0);
    await told('online');
    const ids = ['nobody-here', outsider, subject, outsider];
    const ask = () => tenant.acting(observer, 1).get(`/v1/presence?external_ids=${ids.join()}`);
    const expected = [
      { user: { user_external_id: outsider }, status: 'online' },
      { user: { user_external_id: subject }, status: 'online' },
    ];
    await waitFor('all are there', 5_000, async () =>
      (await ask()).body.data.every(({ status }: Change) => status === 'online'),
    );
    expect(await ask()).toMatchObject({ status: 200, body: { data: expected } });
    expect(await tenant.server().get(`/v1/presence?external_ids=${ids.join()}`)).toMatchObject({
      body: { data: expected },
    });
    expect((await watcher.send('presence.get', { external_ids: ids })).data).toMatchObject(expected);
    const many = Array.from({ length: 101 }, (_, at) => `u${at}`);
    for (const query of ['', '?external_ids=', `?external_ids=${many.join()}`, '?external_ids=a&status=online']) {
      expect(await tenant.server().get(`/v1/presence${query}`)).toMatchObject({ status: 400 });
    }
    expect(await watcher.send('presence.get', { external_ids: many })).toMatchObject({
      ok: false,
      error: { status: 400 },
    });
    expect(await tenant.server().get('/v1/users/nobody-here/presence')).toMatchObject({
      status: 404,
      body: { code: 'user_not_found' },
    });
    expect((await tenant.server().get('/v1/users/me/presence')).body.code).toBe('acting_user_required');
  });

  itOnEachTier('ends with the user', async (tier) => {
    const { tenant, subject, connect, told } = await people(tier);
    await connect(0);
    await told('online');
    await tenant.server().patch(`/v1/users/${subject}`, { status: 'deactivated' });
    await told('online', 'offline');
    await tenant.server().delete(`/v1/users/${subject}`);
    expect((await tenant.server().get(`/v1/users/${subject}/presence`)).status).toBe(404);
  });
});
