import { patient, waitFor } from '#caas/testing';
import { insertProbe, readProbe } from './stack.probe';
import { NpmStart, survivors, type Supervisor } from './stack.support';

/** By design, on a machine that nothing else holds up. Where it is held up, a stop takes no longer than the next start. */
const STOPS_WITHIN_MS = 10_000;
/** On a quiet machine 15 s. Where starts take longer than that, one that finds data takes at most twice as long as the first did. */
const STARTS_WITHIN_MS = patient(5_000);

/** What can happen to the system as a whole. Starts are dear: a test goes on with what the one before it has left running. */
describe('the one-machine stack', () => {
  let home: NpmStart;
  let last: Supervisor | undefined;
  let firstStartMs = 0;
  beforeAll(async () => (home = await NpmStart.onFreePort()));
  afterAll(() => home.remove());

  async function running({ byNpm = false } = {}): Promise<Supervisor> {
    if (last?.isRunning && byNpm && !last.isByNpm) {
      last.kill('SIGTERM');
      await last.exited;
    }
    if (!last?.isRunning) last = byNpm ? home.startByNpm() : home.start({ API_PROCESSES: '2' });
    return last.ready();
  }

  /** @returns in how many ms it has ended by itself */
  async function ended(supervisor: Supervisor, signal: NodeJS.Signals): Promise<number> {
    const askedAt = performance.now();
    supervisor.kill(signal);
    await expect(supervisor.exited).resolves.toBe(0);
    return performance.now() - askedAt;
  }

  const health = async (supervisor: Supervisor, api = 0) => {
    const answer = await fetch(`${supervisor.stack.api_urls[api]}/health/ready`).catch(() => undefined);
    return answer?.status === 200;
  };

  it('stops within 10 s also while it is still starting', async () => {
    const starting = (last = home.start());
    await waitFor('the first process', 30_000, () => starting.output.includes('starting PostgreSQL'));
    const tookMs = await ended(starting, 'SIGINT');

    const askedAt = performance.now();
    const next = await running();
    const startTookMs = (firstStartMs = performance.now() - askedAt);
    await expect(health(next)).resolves.toBe(true);
    expect(tookMs).toBeLessThan(Math.max(STOPS_WITHIN_MS, startTookMs));
  });

  it('refuses a second start on the same data folder, and says where the first one is', async () => {
    const first = await running();
    const second = home.start();
    await expect(second.exited).resolves.toBe(1);
    expect(second.output).toContain(`already runs on ${home.dataDir} at ${first.stack.api_urls[0]}`);
    await expect(health(first)).resolves.toBe(true);
  });

  it('says which port is taken instead of starting beside it', async () => {
    const first = await running();
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

  it('starts again what crashes: api, worker, gateway, Redis and PostgreSQL', async () => {
    const system = await running();
    const probe = await insertProbe(system.engines);
    const before = system.stack.pids;
    for (const pid of [before.api[1], before.worker[0], before.gateway, before.redis, before.postgres]) {
      process.kill(pid as number, 'SIGKILL');
    }
    const restarted = () => {
      const now = system.stack.pids;
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
    await waitFor('both apis to be ready', 40_000, async () => (await health(system, 0)) && (await health(system, 1)));
    await expect(readProbe(system.engines, probe)).resolves.toEqual(probe);
    // Untouched.
    expect(system.stack.pids.api[0]).toBe(before.api[0]);
  });

  it('stops all of itself within 10 s on SIGTERM, and the next start finds the data', async () => {
    const first = await running();
    const probe = await insertProbe(first.engines);
    const processes = first.processes();
    expect(processes.length).toBeGreaterThanOrEqual(6);

    const stopTookMs = await ended(first, 'SIGTERM');
    expect(survivors(processes)).toEqual([]);

    const startedAt = performance.now();
    const second = await running();
    const startTookMs = performance.now() - startedAt;
    await expect(readProbe(second.engines, probe)).resolves.toEqual(probe);
    await expect(health(second)).resolves.toBe(true);
    expect(stopTookMs).toBeLessThan(Math.max(STOPS_WITHIN_MS, startTookMs));
    expect(startTookMs).toBeLessThan(Math.max(STARTS_WITHIN_MS, 2 * firstStartMs));
  });

  it('leaves no orphan behind the next start when it was killed with -9, and loses nothing that was acknowledged', async () => {
    const first = await running();
    const probe = await insertProbe(first.engines);
    const processes = first.processes();
    first.kill('SIGKILL');
    await first.exited;

    const second = await running({ byNpm: true });
    expect(survivors(processes)).toEqual([]);
    await expect(readProbe(second.engines, probe)).resolves.toEqual(probe);
  });

  it('ends with the npm that started it, and a start right after waits for that', async () => {
    const first = await running({ byNpm: true });
    const processes = first.processes();
    // npm is told nothing, and can tell nothing: the supervisor itself has to see that it is gone.
    first.kill('SIGKILL');
    await first.exited;
    const second = await running();
    expect(survivors(processes)).toEqual([]);
    expect(first.output).toContain('stopping (npm ended)');
    await expect(health(second)).resolves.toBe(true);
  });
});
