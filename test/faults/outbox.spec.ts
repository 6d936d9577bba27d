import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { freePort, waitFor } from '../../tools/stack';
import { TestSystem, type TestTenant } from '../support/test-system';

/** A Redis that this suite may empty. */
let redisServer: ChildProcess;
let redis: Redis;
let folder: string;
const system = new TestSystem();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caas-outbox-'));
  const port = await freePort();
  redisServer = spawn('redis-server', ['--port', String(port), '--dir', folder, '--save', ''], { stdio: 'ignore' });
  process.env.REDIS_URL = `redis://127.0.0.1:${port}`;
  redis = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
  await redis.ping();
  await system.start();
});

afterAll(async () => {
  await system.stop();
  redis.disconnect();
  redisServer.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

describe.each(['free', 'pro', 'enterprise'] as const)('a fact in the outbox of a tenant on %s', (tier) => {
  let tenant: TestTenant;
  let messages: string;

  beforeAll(async () => {
    tenant = await system.tenant(tier);
    await tenant.user('ben');
    const anna = await tenant.user('anna', { display_name: 'Anna' });
    const { body } = await anna.post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
    messages = `/v1/conversations/${body.id}/messages`;
    await anna.post(messages, { client_message_id: '1', text: 'hello' });
  });

  const senderSeenByBen = async () => (await tenant.acting('ben').get(messages)).body.data[0].sender.user_display_name;

  it('outlives a Redis that is emptied before the worker got to its job', async () => {
    const queue = new Queue('references', { connection: redis.duplicate() as never });
    await queue.pause();
    await tenant.server().patch('/v1/users/anna', { display_name: 'Nova' });
    expect(await senderSeenByBen()).toBe('Anna');
    await queue.close();
    await redis.flushall();
    await waitFor('the sweeper has it done all the same', 55_000, async () => (await senderSeenByBen()) === 'Nova');
  });
});
