import { waitFor } from '#caas/testing';
import { OwnRedis } from '../../support/own-redis';
import { Errands } from '../../support/queue/errands';
import { WorkerProcess } from '../../support/queue/worker-process';

/** BullMQ takes a job for stalled that nobody renewed for 30 s, and looks every 30 s. */
const STALLED_WITHIN_MS = 90_000;
const SLOTS_OF_A_WORKER = 5;
let redis: OwnRedis;
let errands: Errands;
let workers: WorkerProcess[];

beforeAll(async () => {
  redis = await OwnRedis.start({ durable: true });
  errands = await Errands.open(redis.url);
});
afterAll(async () => {
  await errands?.close();
  await redis?.remove();
});

const startWorkers = () => (workers = [new WorkerProcess(redis.url), new WorkerProcess(redis.url)]);
const endWorkers = (signal?: 'SIGKILL') => Promise.all(workers.map((worker) => worker.end(signal)));
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const isAllDone = (wanted: string[]) => async () => {
  const done = new Set((await errands.ended()).map(({ name }) => name));
  return wanted.every((name) => done.has(name));
};
const areAccountsEmpty = async () => (await errands.accounts()).length === 0;

/** A tenant with much to do and one with little, the first of it at work. */
class TwoTenants {
  private readonly big = errands.newTenant();
  private readonly small = errands.newTenant();
  readonly bigs = names('a', 1_500);
  readonly smalls = names('b', 20);

  async begin(): Promise<void> {
    await errands.addAllShort(
      this.big,
      this.bigs.map((name) => ({ name, ms: 20 })),
    );
    await waitFor('some are done', 40_000, async () => (await errands.ended()).length > 100);
  }

  async addSmalls(): Promise<void> {
    await errands.addAllShort(
      this.small,
      this.smalls.map((name) => ({ name })),
    );
  }

  isDone(): Promise<boolean> {
    return isAllDone([...this.bigs, ...this.smalls])();
  }

  /** How many errands began once more. */
  async twice(): Promise<number> {
    const both = new Set<string>([this.big, this.small]);
    const began = (await errands.began()).filter(({ tenantId }) => both.has(tenantId));
    return began.length - this.bigs.length - this.smalls.length;
  }
}

describe('Processes that are killed', () => {
  let two: TwoTenants;
  /** What the dead had at work is looked for in half a minute: the other test goes on beside that. */
  beforeAll(async () => {
    startWorkers();
    two = new TwoTenants();
    await two.begin();
    await endWorkers('SIGKILL');
    await two.addSmalls();
    startWorkers();
  });
  afterAll(async () => {
    await endWorkers();
    await errands.forget();
  });

  it('what a producer had put in is done, with nothing left in its accounts', async () => {
    const tenant = errands.newTenant();
    const producer = new WorkerProcess(redis.url, 'test/support/queue/stand-in-producer.js', [tenant]);
    await waitFor('much is added', 40_000, async () => (await errands.added()).length > 1_000);
    await producer.end('SIGKILL');
    await waitFor('all is done', 60_000, isAllDone(await errands.added()));
    await waitFor('its accounts are empty', 30_000, async () =>
      (await errands.accounts()).every((key) => !key.includes(tenant)),
    );
  });

  it('workers lose nothing, and what they had at work alone is done twice', async () => {
    await waitFor('all is done', STALLED_WITHIN_MS, () => two.isDone());
    expect(await two.twice()).toBeLessThanOrEqual(2 * SLOTS_OF_A_WORKER);
    await waitFor('the accounts are empty', 30_000, areAccountsEmpty);
  });
});

it('a Redis that was stopped goes on where it was', async () => {
  startWorkers();
  try {
    const two = new TwoTenants();
    await two.begin();
    await redis.away(() => Promise.resolve());
    await errands.connected();
    await two.addSmalls();
    await waitFor('all is done', STALLED_WITHIN_MS, () => two.isDone());
    await waitFor('the accounts are empty', 30_000, areAccountsEmpty);
  } finally {
    await endWorkers();
  }
});
