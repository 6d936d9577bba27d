import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { collectFiles } from '#caas/contracts';
import { ownSystem, patient, TIERS, waitFor, type Caller } from '#caas/testing';
import { OwnRedis } from '../support/own-redis';
import { chunk, creation, sha256, someBytes, TUS, uploadBytes, Wire } from '../support/tus';
import { QueueBackDoor } from './queue-back-door.support';

const UPLOADS = '/v1/files/uploads';
const MB = 2 ** 20;
/** Longer than a slow machine pauses between two pieces of a form. */
const DRAFTS_KEPT_MS = patient(1_000);

let redis: OwnRedis;
let maintenance: QueueBackDoor;
const system = ownSystem({
  logLevel: 'fatal',
  environment: async () => {
    redis = await OwnRedis.start();
    return { REDIS_URL: redis.url, FILES_ORPHANED_FOR: `${DRAFTS_KEPT_MS}ms` };
  },
});
beforeAll(() => void (maintenance = new QueueBackDoor(redis, 'maintenance')));
afterAll(async () => {
  await maintenance?.close();
  await redis?.remove();
});

const tenant = system.session('pro', 'anna');
const anna = tenant.as('anna');

const begin = async (bytes: Buffer) => {
  const answer = await anna.raw('POST', UPLOADS, creation(bytes.length));
  return answer.headers.get('location')!;
};
const idOf = (location: string) => location.split('/').at(-1)!;
const offsetOf = async (at: string) => Number((await anna.raw('HEAD', at, TUS)).headers.get('upload-offset'));
/** Bytes of all uploads that are under way. */
const growing = async () => {
  const folder = join(system.dataDir, 'storage', 'growing');
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
};
const serves = async () => (await fetch(`${tenant.urlOf(0)}/health/ready`)).ok;
/** What is served of an upload once the worker is through with it. */
const served = async (id: string, caller: Caller = anna) => {
  await waitFor('it is worked up', 60_000, async () => (await caller.get(`/v1/files/${id}`)).body.status === 'ready');
  const content = await caller.raw('GET', `/v1/files/${id}/content`);
  return sha256(Buffer.from(await content.arrayBuffer()));
};

/** A body that waits for the next piece. */
function pieces() {
  let control: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (control = given) });
  return {
    body,
    give: (bytes: Buffer) => control.enqueue(bytes),
    end: () => control.close(),
    breakOff: () => control.error(new Error('broken off')),
  };
}

it('an upload is refused while Redis is away, keeps what it has, and goes on after', async () => {
  const bytes = someBytes(MB);
  const at = await begin(bytes);
  expect((await anna.raw('PATCH', at, chunk(0), bytes.subarray(0, MB / 2) as never)).status).toBe(204);
  await redis.away(async () => {
    const refused = await anna.raw('PATCH', at, chunk(MB / 2), bytes.subarray(MB / 2) as never);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
  });
  await waitFor('the api has its Redis again', 20_000, serves);
  expect(await offsetOf(at)).toBe(MB / 2);
  expect((await anna.raw('PATCH', at, chunk(MB / 2), bytes.subarray(MB / 2) as never)).status).toBe(204);
  expect(await served(idOf(at))).toBe(sha256(bytes));
});

it('an upload whose bytes are on their way when Redis goes loses none that it was told of', async () => {
  const bytes = someBytes(2 * MB);
  const at = await begin(bytes);
  const sent = pieces();
  const answer = anna.raw('PATCH', at, chunk(0), sent.body).then(
    ({ status }) => status,
    () => null,
  );
  sent.give(bytes.subarray(0, MB));
  await waitFor('a part has come', 20_000, async () => (await growing()) >= MB);
  await redis.away(async () => {
    // Nobody holds the upload for longer than its lease, whatever the client goes on sending.
    await waitFor('the api to notice', 20_000, async () => !(await serves()));
  });
  sent.end();
  await answer;
  await waitFor('the api has its Redis again', 20_000, serves);
  const offset = await offsetOf(at);
  expect(offset).toBeGreaterThanOrEqual(MB);
  const rest = await anna.raw('PATCH', at, chunk(offset), bytes.subarray(offset) as never);
  expect(rest.status).toBe(204);
  expect(await served(idOf(at))).toBe(sha256(bytes));
});

it.each(TIERS)('an upload survives cuts and the death of an api (%s)', async (tier) => {
  const tenant = await system.tenant(tier);
  const anna = await tenant.user('anna');
  const bytes = someBytes(20 * MB);
  const wire = await Wire.to(tenant.urlOf(0));
  const events = [5, 9, 13].map((mb) => mb * MB);
  let restarted: Promise<unknown> = Promise.resolve();
  try {
    const id = await uploadBytes(anna, `${wire.url}${UPLOADS}`, bytes, (sent) => {
      if (events.length === 0 || sent < events[0]!) return;
      events.shift();
      if (events.length !== 1) return wire.cut();
      restarted = system.endApi(0, 'SIGKILL').then(() => system.startApiAgain(0));
    });
    await restarted;
    expect(await served(id, anna)).toBe(sha256(bytes));
  } finally {
    wire.close();
  }
});

it('what a killed api had of a form is removed, and what another one is taking is not', async () => {
  const incoming = join(system.dataDir, 'storage', 'incoming');
  const drafts = () => readdir(incoming).catch(() => [] as string[]);
  const type = { 'content-type': 'multipart/form-data; boundary=b' };
  const head =
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n';
  const form = (process: number) => {
    const sent = pieces();
    const answer = tenant.acting('anna', process).raw('POST', '/v1/files', type, sent.body);
    sent.give(Buffer.concat([Buffer.from(head), Buffer.alloc(MB, 'x')]));
    return { ...sent, answer };
  };
  const broken = form(1);
  const failed = broken.answer.catch(() => null);
  await waitFor('its draft is there', 20_000, async () => (await drafts()).length === 1);
  const [draft] = await drafts();
  await system.endApi(1, 'SIGKILL');
  await failed;
  const going = form(0);
  await waitFor('the other draft is there', 20_000, async () => (await drafts()).length === 2);
  await waitFor('the draft of the dead is removed', 30_000, async () => {
    going.give(Buffer.alloc(1024, 'x'));
    await maintenance.add(collectFiles.name, {});
    return !(await drafts()).includes(draft!);
  });
  going.give(Buffer.from('\r\n--b--\r\n'));
  going.end();
  const { status } = await going.answer;
  expect(status).toBe(201);
  await system.startApiAgain(1);
});
