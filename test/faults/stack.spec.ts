import { insertProbe, readProbe } from './stack.probe';
import { NpmStart, survivors, type Supervisor } from './stack.support';
import { waitFor } from '../../tools/stack';

/** What can happen to the system as a whole, each time on a data folder and ports of its own. */
describe('the one-machine stack', () => {
  let home: NpmStart;
  beforeEach(async () => (home = await NpmStart.onFreePort()));
  afterEach(() => home.remove());

  const health = async (supervisor: Supervisor, api = 0) => {
    const answer = await fetch(`${supervisor.stack.api_urls[api]}/health/ready`).catch(() => undefined);
    return answer?.status === 200;
  };

  it('stops all of itself within 10 s on SIGTERM, and the next start finds the data', async () => {
    const firstAskedAt = Date.now();
    const first = await home.start().ready();
    const firstTookMs = Date.now() - firstAskedAt;
    const probe = await insertProbe(first.engines);
    const processes = first.processes();
    expect(processes.length).toBeGreaterThanOrEqual(6);

    const askedAt = Date.now();
    first.kill('SIGTERM');
    await expect(first.exited).resolves.toBe(0);
    expect(Date.now() - askedAt).toBeLessThan(10_000);
    expect(survivors(processes)).toEqual([]);

    const startedAt = Date.now();
    const second = await home.start().ready();
    // Where other work holds the processors up, no longer than the first, which had a cluster to make besides.
    expect(Date.now() - startedAt).toBeLessThan(Math.max(15_000, 1.2 * firstTookMs));
    await expect(readProbe(second.engines)).resolves.toEqual(probe);
    await expect(health(second)).resolves.toBe(true);
  });

  it('leaves no orphan behind the next start when it was killed with -9, and loses nothing that was acknowledged', async () => {
    const first = await home.start().ready();
    const probe = await insertProbe(first.engines);
    const processes = first.processes();
    first.kill('SIGKILL');
    await first.exited;

    const second = await home.start().ready();
    expect(survivors(processes)).toEqual([]);
    await expect(readProbe(second.engines)).resolves.toEqual(probe);
  });

  it('ends with the npm that started it, and a start right after waits for that', async () => {
    const first = await home.startByNpm().ready();
    const processes = first.processes();
    // npm is told nothing, and can tell nothing: the supervisor itself has to see that it is gone.
    first.kill('SIGKILL');
    await first.exited;
    const second = await home.start().ready();
    expect(survivors(processes)).toEqual([]);
    expect(first.output).toContain('stopping (npm ended)');
    await expect(health(second)).resolves.toBe(true);
  });

  it('refuses a second start on the same data folder, and says where the first one is', async () => {
    const first = await home.start().ready();
    const second = home.start();
    await expect(second.exited).resolves.toBe(1);
    expect(second.output).toContain(`already runs on ${home.dataDir} at ${first.stack.api_urls[0]}`);
    await expect(health(first)).resolves.toBe(true);
  });

  it('starts again what crashes: api, worker, gateway, Redis and PostgreSQL', async () => {
    const running = await home.start({ API_PROCESSES: '2' }).ready();
    const probe = await insertProbe(running.engines);
    const before = running.stack.pids;
    for (const pid of [before.api[1], before.worker[0], before.gateway, before.redis, before.postgres]) {
      process.kill(pid as number, 'SIGKILL');
    }
    const restarted = () => {
      const now = running.stack.pids;
      const pairs = [
        [now.api[1], before.api[1]],
        [now.worker[0], before.worker[0]],
        [now.gateway, before.gateway],
        [now.redis, before.redis],
        [now.postgres, before.postgres],
      ];
      return pairs.every(([after, earlier]) => after !== null && after !== earlier);
    };
    await waitFor('new processes', 20_000, restarted);
    await waitFor(
      'both apis to be ready',
      40_000,
      async () => (await health(running, 0)) && (await health(running, 1)),
    );
    await expect(readProbe(running.engines)).resolves.toEqual(probe);
    // Untouched.
    expect(running.stack.pids.api[0]).toBe(before.api[0]);
  });

  it('stops within 10 s also while it is still starting', async () => {
    const starting = home.start();
    await waitFor('the first process', 30_000, () => starting.output.includes('starting PostgreSQL'));
    const askedAt = Date.now();
    starting.kill('SIGINT');
    await expect(starting.exited).resolves.toBe(0);
    expect(Date.now() - askedAt).toBeLessThan(10_000);

    const next = await home.start().ready();
    await expect(health(next)).resolves.toBe(true);
  });

  it('says which port is taken instead of starting beside it', async () => {
    const first = await home.start().ready();
    const other = await NpmStart.onFreePort();
    try {
      const second = other.start({ PORT: String(home.port) });
      await expect(second.exited).resolves.toBe(1);
      expect(second.output).toContain(`Port ${home.port} on 127.0.0.1 is in use`);
    } finally {
      await other.remove();
    }
    await expect(health(first)).resolves.toBe(true);
  });
});
