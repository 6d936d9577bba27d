import { waitFor } from '../../tools/stack';
import { TestSystem, type LiveClient } from '../support/test-system';

let system: TestSystem;
beforeEach(async () => {
  system = new TestSystem('error', { PRESENCE_TIMEOUT: '3s' });
  await system.start();
});
afterEach(() => system.stop());

const toldOf = (client: LiveClient, who: string): string[] =>
  client
    .of('presence.changed')
    .flatMap(({ data }) => data.changes as { user: { user_external_id: string }; status: string }[])
    .filter(({ user }) => user.user_external_id === who)
    .map(({ status }) => status);

describe('Presence when a process ends', () => {
  it('goes out within its bound when it is killed, is told by the processes that are left, and stays for who is elsewhere too', async () => {
    const tenant = await system.tenant('pro');
    const names = ['watcher', 'alone', 'twice', 'hidden'];
    for (const id of names) await tenant.server().put(`/v1/users/${id}`, {});
    await tenant.acting('watcher').post('/v1/conversations', { type: 'group', member_ids: names.slice(1) });
    const watcher = await tenant.socket('watcher', 0);
    const hidden = await tenant.socket('hidden', 1);
    await hidden.send('presence.set', { status: 'invisible' });
    for (const [who, process] of [
      ['alone', 1],
      ['twice', 1],
      ['twice', 0],
    ] as const)
      await tenant.socket(who, process);
    await waitFor('all are there', 15_000, () =>
      ['alone', 'twice'].every((who) => toldOf(watcher, who).at(-1) === 'online'),
    );

    const toldOfHidden = toldOf(watcher, 'hidden');
    const before = new Date();
    await system.endApi(1, 'SIGKILL');
    await waitFor('the peers hear of it', 15_000, () => toldOf(watcher, 'alone').at(-1) === 'offline');
    const { body } = await tenant.acting('watcher').get('/v1/presence?external_ids=alone,twice,hidden');
    expect(body.data).toMatchObject([{ status: 'offline' }, { status: 'online' }, { status: 'offline' }]);
    // Seen last when the process gave its last sign of life, not when somebody noticed.
    const lastSeen = Date.parse(body.data[0].last_seen_at);
    expect(Math.abs(lastSeen - before.getTime())).toBeLessThan(3_000);
    expect(toldOf(watcher, 'twice')).toEqual(['online']);
    expect(toldOf(watcher, 'hidden')).toEqual(toldOfHidden);
  });

  it('is handed over when it is told to end: only who does not come back elsewhere has gone', async () => {
    const tenant = await system.tenant('free');
    for (const id of ['watcher', 'mover', 'leaver']) await tenant.server().put(`/v1/users/${id}`, {});
    await tenant.acting('watcher').post('/v1/conversations', { type: 'group', member_ids: ['mover', 'leaver'] });
    const watcher = await tenant.socket('watcher', 0);
    for (const id of ['mover', 'leaver']) await tenant.socket(id, 1);
    await waitFor('both are there', 15_000, () =>
      ['mover', 'leaver'].every((who) => toldOf(watcher, who).at(-1) === 'online'),
    );
    expect(await system.endApi(1, 'SIGTERM')).toBe(0);
    await tenant.socket('mover', 0);
    await waitFor('the peers hear of who has gone', 25_000, () => toldOf(watcher, 'leaver').at(-1) === 'offline');
    expect(toldOf(watcher, 'mover')).toEqual(['online']);
  });
});
