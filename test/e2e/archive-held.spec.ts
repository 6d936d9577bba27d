import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ObjectId } from 'mongodb';
import { mapConcurrent, patient, sharedSystem, type Room } from '#caas/testing';
import { commandsInTurn } from '../support/command-line';
import { TenantRows } from '../support/tenant-rows';

/** Of the user whose messages are held. */
const COUNT = Number(process.env['HELD_MESSAGES'] ?? 200);
/** As many are edited and then deleted, and as many are deleted as they are. */
const CHANGED = COUNT / 20;
const DAY_MS = 24 * 60 * 60_000;
const OLDEST_DAYS = 60;
const RETENTION_DAYS = 30;

jest.setTimeout(patient(120_000 + COUNT * 30));

const system = sharedSystem();
const caas = commandsInTurn(system, { ARCHIVE_TRUST: '300ms' });
const tenant = system.session('starter', 'anna', 'ben');
const anna = tenant.as('anna');
let room: Room;
let rows: TenantRows;
let folder: string;

interface Row {
  id: string;
  seq: number;
  text: string | null;
  created_at: string;
  sender: { user_external_id: string };
}

const archive = (verb: string, ...words: string[]) => caas(['archive', verb, '--tenant', tenant.id, ...words]);

async function messages(): Promise<Row[]> {
  const all: Row[] = [];
  for (let after = 0; ;) {
    const { body } = await anna.get(`${room.path}/messages?limit=100&after_seq=${after}`);
    all.push(...(body.data as Row[]));
    if (!body.page.has_more) return all;
    after = all.at(-1)!.seq;
  }
}

beforeAll(
  async () => {
    await tenant.setLimits();
    folder = await mkdtemp(join(tmpdir(), 'caas-held-'));
    rows = await TenantRows.open(tenant.id, 'starter');
    room = await tenant.room('anna', ['ben']);
    const texts = Array.from({ length: COUNT + COUNT / 10 }, (_, at) => at);
    await mapConcurrent(8, texts, (at) =>
      tenant.message(at % 11 === 10 ? 'ben' : 'anna', room, { text: `said ${at}.` }),
    );
    // As if they had been sent over two months, the last of them today.
    const all = await messages();
    const shifted = all.map(({ id, seq }) => ({
      updateOne: {
        filter: { tenant_id: tenant.id, _id: new ObjectId(id) },
        update: { $set: { created_at: new Date(Date.now() - OLDEST_DAYS * DAY_MS * (1 - seq / all.length)) } },
      },
    }));
    await rows.of('messages').bulkWrite(shifted);
    const settings = { archive: { after_days: 0, retention_days: RETENTION_DAYS } };
    expect((await tenant.server().patch('/v1/settings', settings)).status).toBe(200);
  },
  patient(60_000 + COUNT * 30),
);
afterAll(async () => {
  await rows?.close();
  await rm(folder, { recursive: true, force: true });
});

const tooOld = ({ created_at }: Row) => Date.parse(created_at) < Date.now() - (RETENTION_DAYS + 1) * DAY_MS;

it('what a held user edits and deletes is kept through archiving, retention and erasure, and goes when it is let go', async () => {
  expect(await archive('hold', '--user', 'anna')).toMatchObject({ code: 0 });
  const before = await messages();
  const own = before.filter(({ sender }) => sender.user_external_id === 'anna');
  let isOver = false;
  const runs = (async () => {
    let count = 0;
    for (; !isOver || count < 2; count += 1) {
      expect(await archive('run')).toMatchObject({ code: 0, found: { failed: [] } });
      const { found } = await archive('erase', '--user', 'anna', '--yes');
      expect(found?.messages ?? 0).toBe(0);
    }
    return count;
  })();
  const edited = own.slice(0, CHANGED);
  const deleted = own.slice(-2 * CHANGED, -CHANGED);
  await mapConcurrent(4, edited.entries(), async ([at, { id }]) => {
    expect((await anna.patch(`/v1/messages/${id}`, { text: `edited ${at}.` })).status).toBe(200);
  });
  await mapConcurrent(4, [...edited, ...deleted], async ({ id }) => {
    expect((await anna.delete(`/v1/messages/${id}`)).status).toBe(200);
  });
  isOver = true;
  await runs;

  expect(await archive('export', '--conversation', room.id, '--to', folder)).toMatchObject({ code: 0 });
  const files = await readdir(join(folder, room.id));
  const exported = (await Promise.all(files.map((file) => readFile(join(folder, room.id, file), 'utf8')))).join('');
  for (const { text } of own) expect(exported).toContain(`"${text}"`);
  for (const at of edited.keys()) expect(exported).toContain(`"edited ${at}."`);
  const held = await messages();
  expect(held.filter(({ sender }) => sender.user_external_id === 'anna')).toHaveLength(own.length);
  expect(held.filter(({ sender }) => sender.user_external_id === 'ben').filter(tooOld)).toEqual([]);
  expect(held.filter(({ text }) => text === null)).toHaveLength(2 * CHANGED);

  expect(await archive('hold', '--user', 'anna', '--off')).toMatchObject({ code: 0 });
  await archive('run');
  await archive('run');
  const left = await messages();
  expect(left.filter(tooOld)).toEqual([]);
  const young = before.filter(({ created_at }) => Date.parse(created_at) > Date.now() - (RETENTION_DAYS - 1) * DAY_MS);
  const seqs = new Set(left.map(({ seq }) => seq));
  expect(young.filter(({ seq }) => !seqs.has(seq))).toEqual([]);
});
