import { refreshReferences } from '#caas/contracts';
import { encodeJob } from '#caas/platform/queue';
import { waitFor } from '#caas/testing';
import { OwnRedis } from '../support/own-redis';
import { Errands } from '../support/queue/errands';
import { errandId } from '../support/queue/queue-app';
import { WorkerProcess } from '../support/queue/worker-process';

let redis: OwnRedis;
let errands: Errands;
let workers: WorkerProcess[];

beforeAll(async () => {
  redis = await OwnRedis.start();
  workers = [new WorkerProcess(redis.url), new WorkerProcess(redis.url)];
  errands = await Errands.open(redis.url);
  await waitFor('both workers are there', 20_000, async () => (await redis.commands.zcard('caas:jobs:workers')) === 2);
});

afterEach(async () => {
  await waitFor('nothing is left in the accounts', 20_000, async () => (await errands.accounts()).length === 0);
  await errands.forget();
});

afterAll(async () => {
  await Promise.all(workers?.map((worker) => worker.end()) ?? []);
  await errands?.close();
  await redis?.remove();
});

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

it('a tenant with thousands of jobs does not keep another one waiting, and has all of its own done in their order', async () => {
  const [big, small] = [errands.newTenant(), errands.newTenant()];
  const started = Date.now();
  await errands.addAllShort(
    big,
    names('a', 2_000).map((name) => ({ name, ms: 8 })),
  );
  const asked = new Map<string, number>();
  const endedCount = () => redis.commands.llen('test:ended');
  for (const name of names('b', 20)) {
    asked.set(name, Date.now());
    await errands.addShort(small, { name, ms: 8 });
    // The other ones come in while the rest is done.
    const before = await endedCount();
    await waitFor('some more are done', 20_000, async () => (await endedCount()) > before + 25, 5);
  }
  expect(await endedCount()).toBeLessThan(2_000);
  await waitFor('all is done', 55_000, async () => (await endedCount()) === 2_020);
  const tookMs = Date.now() - started;
  const began = await errands.began();
  const waits = began.flatMap(({ name, at }) => (asked.has(name) ? [at - asked.get(name)!] : []));
  console.info(`behind 2,000 jobs that took ${tookMs} ms: waited ${Math.round(Math.max(...waits))} ms at most`);
  expect(waits).toHaveLength(20);
  // In one line for all, the first would have waited for nearly all of it.
  for (const ms of waits) expect(ms).toBeLessThan(tookMs / 8);
  const order = began.flatMap(({ tenantId, name }) => (tenantId === big ? [Number(name.slice(1))] : []));
  // So many as are at work at once may overtake each other.
  for (const [at, n] of order.entries()) expect(Math.abs(n - at)).toBeLessThan(100);
});

it('jobs that come by the hundred are parked, also while others of the tenant end', async () => {
  const tenant = errands.newTenant();
  const queue = errands.queue('references');
  for (const burst of ['a', 'b', 'c', 'd', 'e']) {
    // These end while the others have their places and are not yet in the queue.
    await Promise.all(names(`${burst}-first-`, 8).map((name, n) => errands.addShort(tenant, { name, ms: 5 + n })));
    await Promise.all(names(burst, 400).map((name) => errands.addShort(tenant, { name, ms: 5 })));
    expect(await queue.getWaitingCount()).toBeLessThanOrEqual(8);
  }
  await waitFor('all is done', 40_000, async () => (await errands.ended()).length === 5 * 408);
});

it('a tenant whose jobs take long leaves slots to others, and uses all that are its own', async () => {
  const [big, small] = [errands.newTenant(), errands.newTenant()];
  // How long it takes that a job is seen to be done.
  const started = Date.now();
  await errands.addLong(small, { name: 'first' });
  await waitFor('the first is done', 5_000, async () => (await errands.ended()).length === 1);
  const ms = 1_000 + 10 * (Date.now() - started);

  await Promise.all(names('a', 8).map((name) => errands.addLong(big, { name, ms })));
  await waitFor('it has four at work', 5_000, async () => (await errands.began()).length === 1 + 4);
  await errands.addLong(small, { name: 'b' });
  await waitFor('all is done', 20_000, async () => (await errands.ended()).length === 1 + 9);
  const [, next] = await errands.ended();
  expect(next).toMatchObject({ name: 'b', tenantId: small });
  const beganBefore = (await errands.began()).filter(({ at }) => at < next!.at);
  expect(beganBefore.filter(({ tenantId }) => tenantId === big)).toHaveLength(4);
});

it('tenants that all have more than their slots take turns', async () => {
  const tenants = Array.from({ length: 8 }, () => errands.newTenant());
  // All are there before any is done.
  const queue = errands.queue('references');
  await queue.pause();
  for (const tenant of tenants)
    await errands.addAllShort(
      tenant,
      names('x', 200).map((name) => ({ name, ms: 10 })),
    );
  await queue.resume();
  await waitFor('all is done', 40_000, async () => (await errands.ended()).length === 1_600);
  // The last tenant began its second hundred before the first one had ended its own two hundred.
  const ended = await errands.ended();
  const half = ended.filter(({ tenantId }) => tenantId === tenants.at(-1))[100]!.at;
  expect(half).toBeLessThan(ended.filter(({ tenantId }) => tenantId === tenants[0]).at(-1)!.at);
});

it('retries and delays come in spite of a backlog, and only then', async () => {
  const tenant = errands.newTenant();
  await errands.addShort(tenant, { name: 'fails', ms: 1, failures: 2 });
  let added = 0;
  const addMore = async (count: number) => {
    await errands.addAllShort(
      tenant,
      names(`a${added}-`, count).map((name) => ({ name, ms: 10 })),
    );
    added += count;
  };
  await addMore(1_500);
  const data = encodeJob(
    refreshReferences,
    { user_id: '0'.repeat(24) },
    { tenantId: tenant, requestId: errandId({ name: 'late' }) },
  );
  const due = Date.now() + 1_500;
  await errands.queue('references').add(refreshReferences.name, data, { delay: 1_500 });
  // However fast the machine is, there is always more to do.
  await waitFor('both are done', 40_000, async () => {
    const ended = await errands.ended();
    if (ended.length + 1_000 > added) await addMore(500);
    return ['fails', 'late'].every((name) => ended.some((each) => each.name === name));
  });
  expect((await errands.ended()).length).toBeLessThan(added);
  await waitFor('all is done', 40_000, async () => (await errands.ended()).length === added + 2);
  const began = await errands.began();
  expect(began.filter(({ name }) => name === 'fails')).toHaveLength(3);
  expect(began.find(({ name }) => name === 'late')!.at).toBeGreaterThanOrEqual(due - 50);
});

it('an operator sees parked jobs as delayed, may remove them, and what comes later is done at once', async () => {
  const tenant = errands.newTenant();
  const queue = errands.queue('references');
  await errands.addAllShort(
    tenant,
    names('a', 500).map((name) => ({ name, ms: 400 })),
  );
  // All but some that are next, and what has been taken up meanwhile.
  expect(await queue.getDelayedCount()).toBeGreaterThan(400 - (await errands.began()).length);
  const [one] = await queue.getDelayed(0, 0);
  expect(one!.id).toMatch(new RegExp(`^${tenant}-`));
  await queue.clean(0, 1_000, 'delayed');
  await errands.addShort(tenant, { name: 'b' });
  await waitFor('the later one is done', 5_000, async () => (await errands.ended()).some(({ name }) => name === 'b'));
});

it('the slots of a tenant that were left taken by a killed process are free again soon', async () => {
  const tenant = errands.newTenant();
  const dead = names('dead-', 8).flatMap((id) => [Date.now() - 60_000, id]);
  await redis.commands.zadd(`caas:jobs:references:admitted:${tenant}`, ...dead);
  await redis.commands.sadd('caas:jobs:references:tenants', tenant);
  await errands.addShort(tenant, { name: 'b' });
  await waitFor('it is done', 10_000, async () => (await errands.ended()).length === 1);
});
