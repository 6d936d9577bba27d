import { waitFor } from '../../tools/stack';
import { OwnRedis } from '../support/own-redis';
import { Errands } from '../support/queue/errands';
import { WorkerProcess } from '../support/queue/worker-process';

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

beforeEach(() => {
  workers = [new WorkerProcess(redis.url), new WorkerProcess(redis.url)];
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.end()));
  await errands.forget();
});

afterAll(async () => {
  await errands?.close();
  await redis?.remove();
});

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const doneNames = async () => (await errands.ended()).map(({ name }) => name);
const isAllDone = (wanted: string[]) => async () => {
  const done = new Set(await doneNames());
  return wanted.every((name) => done.has(name));
};

it('workers that are killed lose nothing, and do twice only what they had at work', async () => {
  const [big, small] = [errands.newTenant(), errands.newTenant()];
  const [bigs, smalls] = [names('a', 1_500), names('b', 20)];
  await Promise.all(bigs.map((name) => errands.addShort(big, { name, ms: 20 })));
  await waitFor('some are done', 40_000, async () => (await errands.ended()).length > 100);
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  await Promise.all(smalls.map((name) => errands.addShort(small, { name })));
  workers = [new WorkerProcess(redis.url), new WorkerProcess(redis.url)];
  await waitFor('all is done', STALLED_WITHIN_MS, isAllDone([...bigs, ...smalls]));
  const twice = (await errands.began()).length - bigs.length - smalls.length;
  expect(twice).toBeLessThanOrEqual(2 * SLOTS_OF_A_WORKER);
  await waitFor('the accounts are empty', 30_000, async () => (await errands.accounts()).length === 0);
}, 200_000);

it('what a killed producer had put in is done, with nothing left in the accounts', async () => {
  const tenant = errands.newTenant();
  const producer = new WorkerProcess(redis.url, 'test/support/queue/stand-in-producer.js', [tenant]);
  await waitFor('much is added', 40_000, async () => (await errands.added()).length > 1_000);
  await producer.end('SIGKILL');
  await waitFor('all is done', 60_000, isAllDone(await errands.added()));
  await waitFor('the accounts are empty', 30_000, async () => (await errands.accounts()).length === 0);
}, 120_000);

it('a Redis that was stopped goes on where it was', async () => {
  const [big, small] = [errands.newTenant(), errands.newTenant()];
  const [bigs, smalls] = [names('a', 1_500), names('b', 20)];
  await Promise.all(bigs.map((name) => errands.addShort(big, { name, ms: 20 })));
  await waitFor('some are done', 40_000, async () => (await errands.ended()).length > 100);
  await redis.away(() => Promise.resolve());
  await errands.connected();
  await Promise.all(smalls.map((name) => errands.addShort(small, { name })));
  await waitFor('all is done', STALLED_WITHIN_MS, isAllDone([...bigs, ...smalls]));
  await waitFor('the accounts are empty', 30_000, async () => (await errands.accounts()).length === 0);
}, 200_000);
