import { waitFor } from '../../tools/stack';
import { TestSystem, type LiveClient, type TestTenant } from '../support/test-system';

const system = new TestSystem();
beforeAll(() => system.start());
afterAll(() => system.stop());

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

describe.each(['free', 'pro', 'enterprise'] as const)('Presence on the tier %s', (tier) => {
  let tenant: TestTenant;
  let watcher: LiveClient;
  let stranger: LiveClient;
  let people: string[];
  let round = 0;

  beforeAll(async () => {
    tenant = await system.tenant(tier);
  });
  /** Each test has people of its own: a watcher who shares a conversation with the subject, and a stranger. */
  beforeEach(async () => {
    round += 1;
    people = ['subject', 'watcher', 'stranger'].map((role) => `${role}${round}`);
    for (const id of people) await tenant.server().put(`/v1/users/${id}`, {});
    await tenant
      .acting(people[0]!)
      .post('/v1/conversations', { type: 'direct', member_ids: [people[1]] })
      .then(({ status }) => expect(status).toBe(201));
    [watcher, stranger] = await Promise.all([tenant.socket(people[1]!, 1), tenant.socket(people[2]!, 1)]);
  });
  afterEach(() => [watcher, stranger].forEach(({ socket }) => socket.disconnect()));

  const subject = () => people[0]!;
  const seen = async (by = tenant.acting(people[1]!, 1)): Promise<Change> =>
    (await by.get(`/v1/users/${subject()}/presence`)).body as Change;
  const told = (statuses: string[]) =>
    waitFor(`the watcher is told ${statuses.join(', ')}`, 15_000, () => {
      const all = toldOf(watcher, subject());
      return all.length >= statuses.length && all;
    }).then((all) => expect(all).toEqual(statuses));

  it('is told to those who share a conversation, on another process, and to nobody else', async () => {
    expect(await seen()).toEqual({
      user: { user_id: expect.any(String), user_external_id: subject(), user_display_name: subject() },
      status: 'offline',
      last_seen_at: null,
    });
    const client = await tenant.socket(subject(), 0);
    await told(['online']);
    expect(await seen()).toMatchObject({ status: 'online', last_seen_at: expect.any(String) });
    client.socket.disconnect();
    await told(['online', 'offline']);
    const after = await seen();
    expect(after.status).toBe('offline');
    expect(Date.now() - Date.parse(after.last_seen_at!)).toBeLessThan(30_000);
    expect(toldOf(stranger, subject())).toEqual([]);
  });

  it('lasts as long as one of several devices does, at whichever process', async () => {
    const devices = [
      await tenant.socket(subject(), 0),
      await tenant.socket(subject(), 1),
      await tenant.socket(subject(), 0),
    ];
    await told(['online']);
    devices[0]!.socket.disconnect();
    devices[2]!.socket.disconnect();
    const answer = await devices[1]!.send('presence.set', { status: 'busy' });
    expect(answer).toMatchObject({ ok: true, data: { status: 'busy', user: { user_external_id: subject() } } });
    await told(['online', 'busy']);
    await devices[1]!.send('presence.set', { status: 'online' });
    await told(['online', 'busy', 'online']);
    devices[1]!.socket.disconnect();
    await told(['online', 'busy', 'online', 'offline']);
  });

  it('shows a choice on all devices, keeps it over a break, and takes no other', async () => {
    const [phone, laptop] = [await tenant.socket(subject(), 0), await tenant.socket(subject(), 1)];
    await told(['online']);
    await phone.send('presence.set', { status: 'busy' });
    await waitFor('the laptop knows', 5_000, () => toldOf(laptop, subject()).includes('busy'));
    await told(['online', 'busy']);
    for (const { socket } of [phone, laptop]) socket.disconnect();
    await told(['online', 'busy', 'offline']);
    const again = await tenant.socket(subject(), 1);
    await told(['online', 'busy', 'offline', 'busy']);
    for (const status of ['offline', 'sleeping', '', null, { $ne: 1 }]) {
      expect(await again.send('presence.set', { status })).toMatchObject({ ok: false, error: { status: 400 } });
    }
    again.socket.disconnect();
  });

  it('shows whoever is invisible as offline to others, and as invisible to themselves', async () => {
    const [phone, laptop] = [await tenant.socket(subject(), 0), await tenant.socket(subject(), 1)];
    await told(['online']);
    expect(await phone.send('presence.set', { status: 'invisible' })).toMatchObject({ data: { status: 'invisible' } });
    await told(['online', 'offline']);
    const hidden = await seen();
    expect(hidden.status).toBe('offline');
    expect(await seen(tenant.acting(subject()))).toMatchObject({ status: 'invisible' });
    expect((await tenant.acting(subject()).get('/v1/users/me/presence')).body.status).toBe('invisible');
    await waitFor('the laptop knows', 5_000, () => toldOf(laptop, subject()).includes('invisible'));
    expect(toldOf(laptop, subject())).not.toContain('offline');
    await laptop.send('presence.set', { status: 'online' });
    await told(['online', 'offline', 'online']);
    for (const { socket } of [phone, laptop]) socket.disconnect();
  });

  it('hides from whom a user blocks: no news, and offline when asked', async () => {
    await tenant.acting(subject()).put(`/v1/users/me/relationships/${people[1]}`, { type: 'block' });
    const other = `other${round}`;
    await tenant.server().put(`/v1/users/${other}`, {});
    await tenant.acting(subject()).post('/v1/conversations', { type: 'group', member_ids: [people[1], other] });
    const friend = await tenant.socket(other, 1);
    const client = await tenant.socket(subject(), 0);
    await waitFor('the other one is told', 15_000, () => toldOf(friend, subject()).includes('online'));
    const token = tenant.withToken(await tenant.token(people[1]!));
    expect(await seen(token)).toMatchObject({ status: 'offline', last_seen_at: null });
    expect((await watcher.send('presence.get', { external_ids: [subject(), other] })).data).toMatchObject([
      { status: 'offline', last_seen_at: null },
      { status: 'online' },
    ]);
    await client.send('presence.set', { status: 'busy' });
    await waitFor('the other one is told', 15_000, () => toldOf(friend, subject()).includes('busy'));
    expect(toldOf(watcher, subject())).toEqual([]);
    for (const { socket } of [client, friend]) socket.disconnect();
  });

  it('is not told of somebody who is back in a moment, also at another process', async () => {
    const client = await tenant.socket(subject(), 0);
    await told(['online']);
    client.socket.disconnect();
    const again = await tenant.socket(subject(), 1);
    again.socket.disconnect();
    const third = await tenant.socket(subject(), 0);
    // Longer than it takes to be told of somebody who has gone.
    const started = Date.now();
    await waitFor('the grace is over', 15_000, () => Date.now() - started > 9_000);
    expect(toldOf(watcher, subject())).toEqual(['online']);
    third.socket.disconnect();
    await told(['online', 'offline']);
  });

  it('can be asked of many at once, in the order asked', async () => {
    const client = await tenant.socket(subject(), 0);
    await told(['online']);
    const ids = ['nobody-here', people[2]!, subject(), people[2]!];
    const expected = [
      { user: { user_external_id: people[2] }, status: 'online' },
      { user: { user_external_id: subject() }, status: 'online' },
    ];
    await waitFor('all are there', 5_000, async () => (await seen()).status === 'online');
    expect(await tenant.acting(people[1]!, 1).get(`/v1/presence?external_ids=${ids.join()}`)).toMatchObject({
      status: 200,
      body: { data: expected },
    });
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
    client.socket.disconnect();
  });

  it('ends with the user', async () => {
    await tenant.socket(subject(), 0);
    await told(['online']);
    await tenant.server().patch(`/v1/users/${subject()}`, { status: 'deactivated' });
    await told(['online', 'offline']);
    await tenant.server().delete(`/v1/users/${subject()}`);
    expect((await tenant.server().get(`/v1/users/${subject()}/presence`)).status).toBe(404);
  });
});
