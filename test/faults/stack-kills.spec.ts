import { spawnSync } from 'node:child_process';
import { beginCheckpoint, StackLoad } from './stack-kills.support';
import { NpmStart, survivors, type Supervisor } from './stack.support';

/**
 * `STACK_KILLS_TENANTS=300 STACK_KILLS_ROUNDS=5 npm test -- stack-kills` is the whole of it, and takes half an hour; every run has the short
 * form. A tenant with collections of its own is a hundred tables: that is what makes checkpoints and stops long.
 */
const TENANTS = Number(process.env['STACK_KILLS_TENANTS'] ?? 3);
const ROUNDS = Number(process.env['STACK_KILLS_ROUNDS'] ?? 1);

/** With PostgreSQL's recovery of what many tenants wrote. */
const STARTS_WITHIN_MS = 120_000;

type Kill = (running: Supervisor, dataDir: string) => unknown;

const pidOf = (running: Supervisor, role: 'postgres' | 'redis'): number => running.stack.pids[role]!;

const KILLS: Record<string, Kill> = {
  'the supervisor': (running) => running.kill('SIGKILL'),
  'PostgreSQL in a checkpoint': async (running, dataDir) => {
    await beginCheckpoint(running, dataDir);
    process.kill(pidOf(running, 'postgres'), 'SIGKILL');
  },
  Redis: (running) => process.kill(pidOf(running, 'redis'), 'SIGKILL'),
  'everything at once': (running) => {
    const all = running.processes().map(({ pid }) => String(pid));
    spawnSync('kill', ['-9', ...all]);
  },
};

/** After these nobody is left to be asked. */
const ENDS_ALL = ['the supervisor', 'everything at once'];

describe('a stack under load whose processes are killed', () => {
  let home: NpmStart;
  let load: StackLoad;
  /** Left running by the round before: starts are dear. */
  let running: Supervisor;
  beforeAll(
    async () => {
      home = await NpmStart.onFreePort();
      running = await home.start().ready();
      load = await StackLoad.prepare(running, TENANTS);
    },
    60_000 + TENANTS * 3_000,
  );
  afterAll(() => home.remove());

  it.each(Object.keys(KILLS))(
    'starts again after %s, and has all that was acknowledged',
    async (what) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const processes = running.processes();
        const sending = load.run(running);
        await sending.underWay();
        await KILLS[what]!(running, home.dataDir);
        await sending.stop();
        // Who still runs mends itself, and is asked to end like any other, however long the database takes.
        if (!ENDS_ALL.includes(what)) running.kill('SIGTERM');
        await running.exited;
        const startedAt = performance.now();
        running = await home.start().ready(STARTS_WITHIN_MS);
        if (ROUNDS > 1) console.info(`${what}: started in ${Math.round(performance.now() - startedAt)} ms`);
        expect(survivors(processes)).toEqual([]);
        expect(await load.missing(running)).toEqual([]);
      }
    },
    60_000 + ROUNDS * 180_000,
  );
});
