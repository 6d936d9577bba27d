import { setTimeout as sleep } from 'node:timers/promises';
import { ARCHIVE_STEPS } from '#caas/domain/archive/testing';
import { checkHistory, ownSystem, preloading, type MessageState, type Room, type TenantSession } from '#caas/testing';
import { commandLine } from '../support/command-line';
import { JobQueue } from '../support/job-queue';
import { TenantRows } from '../support/tenant-rows';

/** Workers start again and again, which a machine with other work to do takes its time for. */
jest.setTimeout(400_000);

const COUNT = 40;
/** Between two pages: a reader without a pause takes the processor from the workers that start. */
const BETWEEN_PAGES_MS = 25;
const ENVIRONMENT = { ARCHIVE_TRUST: '400ms', ARCHIVE_AFTER_DAYS: '0' };
/** The archiver's own way; a restoration is the command line's. */
const STEPS = ARCHIVE_STEPS.filter((step) => step !== 'restored_block');

const system = ownSystem({ logLevel: 'fatal', environment: ENVIRONMENT });
const caas = commandLine(system, ENVIRONMENT);
let queue: JobQueue;
let tenant: TenantSession;
let rows: TenantRows;
let room: Room;

beforeAll(async () => {
  queue = new JobQueue('archive');
  tenant = await system.tenant('pro');
  rows = await TenantRows.open(tenant.id, 'pro');
  await tenant.users('anna', 'ben');
  room = await tenant.room('anna', ['ben'], { type: 'direct' });
  const { acknowledged } = tenant.history;
  for (let n = 0; n < COUNT; n += 1) {
    const reply = n % 9 === 5 ? { reply_to_id: acknowledged[0]!.id } : {};
    await tenant.send('anna', room, { text: `message ${n}`, ...reply });
  }
  expect(acknowledged).toHaveLength(COUNT);
});

afterAll(async () => {
  await queue?.close();
  await rows?.close();
});

/** Pages through the conversation all the time, at either api, in both directions, and looks messages up by id. */
class PagingReader {
  readonly problems: string[] = [];
  rounds = 0;
  private stopped = false;
  private readonly running = this.read();

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async read(): Promise<void> {
    const { acknowledged } = tenant.history;
    for (let round = 0; !this.stopped; round += 1) {
      const anna = tenant.acting('anna', round % 3 === 0 ? 0 : 1);
      const direction = round % 2 === 0 ? 'backward' : 'forward';
      const found: MessageState[] = [];
      for (let cursor: string | null = null; ;) {
        const path = `${room.path}/messages?direction=${direction}&limit=${7 + (round % 9)}`;
        const { status, body } = await anna.get(cursor === null ? path : `${path}&cursor=${cursor}`);
        if (status !== 200) this.problems.push(`${direction}: ${status} ${body?.code}`);
        found.push(...((body?.data ?? []) as MessageState[]));
        cursor = status === 200 ? (body.page.next_cursor as string | null) : null;
        if (cursor === null) break;
        await sleep(BETWEEN_PAGES_MS);
      }
      if (direction === 'backward') found.reverse();
      for (const [verdict, faults] of Object.entries(checkHistory(acknowledged, found)))
        this.problems.push(...(faults as string[]).map((fault) => `${direction}: ${verdict} ${fault}`));
      if (found.length !== COUNT) this.problems.push(`${direction}: ${found.length} messages`);
      const at = (round * 7) % COUNT;
      const { status, body } = await anna.get(`/v1/messages/${acknowledged[at]!.id}`);
      if (status !== 200 || body.text !== `message ${at}`) this.problems.push(`by id, ${at + 1}: ${status}`);
      await sleep(BETWEEN_PAGES_MS);
      this.rounds += 1;
    }
  }
}

/** Ends the leases of who was killed, as time would, and loses the queues, which must not matter either. */
async function afterKill(): Promise<void> {
  await rows.of('archive_leases').updateMany({ tenant_id: tenant.id }, { $set: { until: new Date(0) } });
  await queue.redis.flushdb();
}
const hot = () => rows.of('messages').countDocuments({ tenant_id: tenant.id });
const segments = (state: string) => rows.of('archive_segments').countDocuments({ tenant_id: tenant.id, state });
const whole = async () => {
  for (const command of ['archive', 'messaging']) {
    const { code, found } = await caas([command, 'verify', '--tenant', tenant.id]);
    expect([command, code, found.damaged ?? found.drift]).toEqual([command, 0, 0]);
  }
};

it('a worker killed at every step: the next one goes on, and a reader sees each message exactly once all the while', async () => {
  const reader = new PagingReader();
  const rounds: number[] = [];
  for (const step of STEPS) {
    await afterKill();
    await system.startWorker({ KILL_AT: `archive ${step}` });
    await queue.addFor(tenant.id, 'archive-messages', { after: null });
    await system.workerEnded();
    rounds.push(reader.rounds);
  }
  await afterKill();
  await system.startWorker();
  await queue.done(await queue.addFor(tenant.id, 'archive-messages', { after: null }), 60_000);
  await reader.stop();
  expect(reader.problems).toEqual([]);
  // It has looked at what every kill left behind.
  for (const [at, round] of rounds.entries()) expect(round).toBeGreaterThan(rounds[at - 1] ?? 0);
  expect([await hot(), await segments('pruned'), await segments('planned'), await segments('sealed')]).toEqual([
    0, 1, 0, 0,
  ]);
  await whole();
});

it('a restoration killed on its way: the archiver finishes it, and the same reader misses nothing', async () => {
  const reader = new PagingReader();
  const restore = ['archive', 'restore', '--tenant', tenant.id, '--conversation', room.id];
  const killed = await caas(restore, { KILL_AT: 'archive restored_block', NODE_OPTIONS: preloading('kill-at-step') });
  expect(killed.signal).toBe('SIGKILL');
  expect(await segments('restoring')).toBe(1);
  await afterKill();
  for (let night = 0; night < 2; night += 1) {
    await queue.done(await queue.addFor(tenant.id, 'archive-messages', { after: null }), 60_000);
  }
  await reader.stop();
  expect(reader.problems).toEqual([]);
  expect([await hot(), await segments('restoring'), await segments('pruned')]).toEqual([COUNT, 0, 0]);
  await whole();
});
