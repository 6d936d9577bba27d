import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { sharedSystem, waitFor } from '#caas/testing';

const BOARD = '/admin/queues/api/queues';

const system = sharedSystem();
const tenant = system.session('pro', 'anna');
let redis: Redis;
let maintenance: Queue;
beforeAll(() => {
  redis = new Redis(process.env['REDIS_URL']!, { maxRetriesPerRequest: null });
  maintenance = new Queue('maintenance', { connection: redis as never });
});
afterAll(async () => {
  await maintenance.close();
  redis.disconnect();
});

const asOperator = (headers: Record<string, string> = {}) => ({
  authorization: `Basic ${Buffer.from(`admin:${system.platformKey}`).toString('base64')}`,
  ...headers,
});
const board = (path: string, init: RequestInit & { headers: Record<string, string> }) =>
  fetch(`${system.urls[0]}${BOARD}${path}`, init);
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code?: string }).code];

it('refuses pages of another origin, whoever their visitor is, and what is not JSON', async () => {
  const foreign = asOperator({ origin: 'https://elsewhere.example' });
  expect(await codeOf(await board('', { headers: foreign }))).toEqual([403, 'origin_not_allowed']);
  expect(await codeOf(await board('/webhooks/pause', { method: 'PUT', headers: foreign }))).toEqual([
    403,
    'origin_not_allowed',
  ]);
  const json = asOperator({ 'content-type': 'application/json' });
  expect(await codeOf(await board('/webhooks/pause', { method: 'PUT', headers: json, body: '{bad' }))).toEqual([
    400,
    'malformed_body',
  ]);
  expect(await codeOf(await board('', { headers: {} }))).toEqual([401, 'platform_key_required']);
});

it('writes down what an operator changes, and not what one looks at', async () => {
  const entries = async () => {
    const { body } = await system.platform.get('/platform/v1/audit-log?limit=100');
    return (body.data as { action: string; actor: string; details: { method: string; path: string } }[]).filter(
      ({ action }) => action === 'queue.changed',
    );
  };
  const before = (await entries()).length;
  expect((await board('', { headers: asOperator() })).status).toBe(200);
  // Nothing is ever put into this queue yet.
  for (const verb of ['pause', 'resume'])
    expect((await board(`/webhooks/${verb}`, { method: 'PUT', headers: asOperator() })).status).toBe(200);
  await waitFor('both are written down', 5_000, async () => (await entries()).length === before + 2);
  expect((await entries()).slice(0, 2)).toMatchObject([
    { actor: 'platform:admin', details: { method: 'PUT', path: 'queues/webhooks/resume' } },
    { actor: 'platform:admin', details: { method: 'PUT', path: 'queues/webhooks/pause' } },
  ]);
});

it('shows of what is done again and again only what did something, and what it did', async () => {
  const room = await tenant.room('anna', []);
  await tenant.message('anna', room, { text: 'a word to be found' });
  const done = async () => (await maintenance.getCompleted(0, 1_000)).filter(Boolean);
  await waitFor('words were taken down', 10_000, async () =>
    (await done()).some(({ name, returnvalue }) => name === 'index-messages' && /new words/.test(String(returnvalue))),
  );
  const rows = (await done()).filter(({ data }) => Object.keys((data ?? {}) as object).length === 0);
  expect(rows.filter(({ returnvalue }) => typeof returnvalue !== 'string')).toEqual([]);
});
