import { sharedSystem, waitFor, type LiveClient } from '#caas/testing';

const PEOPLE = 300;
/** Handshakes under way at once. */
const AT_ONCE = 25;
/** Each process tells its sockets at most once in this time. */
const DIGEST_PERIOD_MS = 1_000;
/** Nobody is told of a user who is back, and written down as such, within this time. */
const GRACE_MS = 5_000;

const system = sharedSystem();

interface Change {
  user: { user_external_id: string };
  status: string;
}

describe('A storm of reconnections', () => {
  const names = Array.from({ length: PEOPLE }, (_, at) => `person${at}`);
  const sentinels = ['sentinel0', 'sentinel1'];
  const tenant = system.session('free', 'watcher', ...sentinels);
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
  const eventsOf = (...clients: LiveClient[]) =>
    clients.reduce((sum, client) => sum + client.of('presence.changed').length, 0);
  const changesOf = (client: LiveClient, among: string[]) =>
    client
      .of('presence.changed')
      .flatMap(({ data }) => data.changes as Change[])
      .filter(({ user }) => among.includes(user.user_external_id));
  /** Those whom the watcher last heard of as being so. */
  const known = (among: string[], status: string) => {
    const last = changesOf(watcher, among).map((change) => [change.user.user_external_id, change.status] as const);
    return [...new Map(last)].filter(([, now]) => now === status).length;
  };
  /** How many events each of so many sockets may have been sent since `started`. */
  const digestsSince = (started: number) => Math.ceil((Date.now() - started) / DIGEST_PERIOD_MS) + 1;

  beforeAll(async () => {
    await inPortions((at) => tenant.users(names[at]!));
    tokens = await inPortions((at) => tenant.token(names[at]!, { session: false }));
    await tenant.room('watcher', names);
    await tenant.room('watcher', sentinels);
    watcher = await tenant.socket('watcher', 0);
  });

  it('delivers events in proportion to those who come, not to their square', async () => {
    const started = Date.now();
    const clients = await connectAll();
    const connected = Date.now();
    await waitFor('the watcher knows all of them', 30_000, () => known(names, 'online') === PEOPLE);
    const echoMs = Date.now() - connected;
    // A square would be 300 events each: here each socket gets one a second for as long as the storm and its echo last.
    const delivered = eventsOf(...clients, watcher);
    expect(delivered).toBeGreaterThan(PEOPLE);
    expect(delivered).toBeLessThanOrEqual((PEOPLE + 1) * digestsSince(started));
    // Nobody is told the same twice.
    expect(changesOf(watcher, names)).toHaveLength(PEOPLE);

    // One at each process, who leaves for good when the others are back: whatever there is to tell of those comes before.
    const leaving = await Promise.all(sentinels.map((name, at) => tenant.socket(name, at)));
    await waitFor('the watcher knows the sentinels', 5_000, () => known(sentinels, 'online') === sentinels.length);
    const awayMs: number[] = [];
    const again = await inPortions(async (at) => {
      const left = Date.now();
      clients[at]!.socket.disconnect();
      const back = await tenant.connect(tokens[at], (at + 1) % 2);
      awayMs[at] = Date.now() - left;
      return back;
    });
    for (const { socket } of leaving) socket.disconnect();
    await waitFor('the sentinels have gone', 15_000, () => known(sentinels, 'offline') === sentinels.length);
    // All of them dropped and came back within seconds, half of them elsewhere: that was no news to anybody.
    const within = names.filter((_, at) => awayMs[at]! + echoMs < GRACE_MS);
    console.info(`${within.length} of ${PEOPLE} were back within ${GRACE_MS} ms, with ${echoMs} ms for the echo`);
    expect(changesOf(watcher, within)).toHaveLength(within.length);
    for (const client of again) expect(changesOf(client, ['watcher', ...sentinels, ...within])).toEqual([]);

    const [before, ended] = [eventsOf(watcher), Date.now()];
    for (const { socket } of again) socket.disconnect();
    await waitFor('the watcher knows that all have gone', 30_000, () => known(names, 'offline') === PEOPLE);
    expect(eventsOf(watcher) - before).toBeLessThanOrEqual(digestsSince(ended));
  });
});
