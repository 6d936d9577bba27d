import { waitFor } from '../../tools/stack';
import { TestSystem, type LiveClient, type TestTenant } from '../support/test-system';

const PEOPLE = 300;
/** Handshakes under way at once. */
const AT_ONCE = 25;

const system = new TestSystem('error');
beforeAll(() => system.start());
afterAll(() => system.stop());

/** Of the others. */
const changesOf = (client: LiveClient) =>
  client
    .of('presence.changed')
    .flatMap(({ data }) => data.changes as { user: { user_external_id: string }; status: string }[])
    .filter(({ user }) => user.user_external_id !== 'watcher');

describe('A storm of reconnections', () => {
  let tenant: TestTenant;
  const names = Array.from({ length: PEOPLE }, (_, at) => `person${at}`);
  let tokens: string[];
  let watcher: LiveClient;

  const inPortions = async <T>(work: (at: number) => Promise<T>): Promise<T[]> => {
    const done: T[] = [];
    for (let from = 0; from < PEOPLE; from += AT_ONCE) {
      const portion = Array.from({ length: Math.min(AT_ONCE, PEOPLE - from) }, (_, at) => work(from + at));
      done.push(...(await Promise.all(portion)));
    }
    return done;
  };
  const connectAll = () => inPortions((at) => tenant.connect(tokens[at], at % 2));
  const eventsOf = (clients: LiveClient[]) =>
    clients.reduce((sum, client) => sum + client.of('presence.changed').length, 0);

  beforeAll(async () => {
    tenant = await system.tenant('free');
    await tenant.server().put('/v1/users/watcher', {});
    await inPortions((at) => tenant.server(at % 2).put(`/v1/users/${names[at]}`, {}));
    tokens = await inPortions((at) => tenant.token(names[at]!, { session: false }));
    await tenant.acting('watcher').post('/v1/conversations', { type: 'group', member_ids: names });
    watcher = await tenant.socket('watcher', 0);
  });

  it('delivers events in proportion to those who come, not to their square', async () => {
    const clients = await connectAll();
    const online = () =>
      new Set(changesOf(watcher).flatMap(({ user, status }) => (status === 'online' ? [user.user_external_id] : [])));
    await waitFor('the watcher knows all of them', 30_000, () => online().size >= PEOPLE);
    // A square would be 300 events each: here each socket gets one a second for as long as the storm and its echo last.
    const delivered = eventsOf([...clients, watcher]);
    expect(delivered).toBeGreaterThan(PEOPLE);
    expect(delivered).toBeLessThan(PEOPLE * 30);
    // Nobody is told the same twice.
    expect(changesOf(watcher)).toHaveLength(PEOPLE);

    const before = eventsOf([watcher]);
    const again = await inPortions((at) => {
      clients[at]!.socket.disconnect();
      return tenant.connect(tokens[at], (at + 1) % 2);
    });
    const started = Date.now();
    await waitFor('whoever had gone would be told of', 15_000, () => Date.now() - started > 8_000);
    // All of them dropped and came back within seconds, half of them elsewhere: that was no news to anybody.
    expect(eventsOf([watcher])).toBe(before);
    expect(eventsOf(again)).toBe(0);

    for (const { socket } of again) socket.disconnect();
    await waitFor('the watcher knows that all have gone', 30_000, () => {
      const last = new Map(changesOf(watcher).map(({ user, status }) => [user.user_external_id, status]));
      return names.every((name) => last.get(name) === 'offline');
    });
    expect(eventsOf([watcher]) - before).toBeLessThan(30);
  });
});
