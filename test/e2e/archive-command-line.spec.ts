import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedSystem, type Position } from '#caas/testing';
import { commandsInTurn } from '../support/command-line';

/** As the shared system has it. */
const ENVIRONMENT = { ARCHIVE_TRUST: '300ms' };
const NOBODY = 'f'.repeat(24);
const COUNT = 12;

const system = sharedSystem();
const caas = commandsInTurn(system, ENVIRONMENT);
const tenant = system.session('starter', 'anna', 'ben');
const anna = tenant.as('anna');
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'caas-export-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const archive = (verb: string, ...words: string[]) => caas(['archive', verb, '--tenant', tenant.id, ...words]);

/** A conversation with messages of both, of which some are replies. */
async function room(): Promise<string> {
  const made = await tenant.room('anna', ['ben']);
  const ids: string[] = [];
  for (let n = 0; n < COUNT; n += 1) {
    const more = n > 8 ? { thread_root_id: ids[0] } : {};
    const { id } = await tenant.message(n % 2 === 0 ? 'anna' : 'ben', made, { text: `message ${n}`, ...more });
    ids.push(id as string);
  }
  return made.id;
}

const messagesOf = async (id: string) =>
  (await anna.get(`/v1/conversations/${id}/messages?limit=100&direction=forward`)).body.data as {
    seq: number;
    text: string | null;
    rev: number;
    deleted_at: string | null;
    sender: { user_external_id: string };
  }[];

const positionOf = async (id: string): Promise<Position> => {
  const { last_seq, rev } = (await anna.get(`/v1/conversations/${id}`)).body;
  return { seq: last_seq, rev };
};

const sync = async (id: string, { seq, rev }: Position) =>
  (await anna.post('/v1/sync', { conversations: { [id]: { seq, rev } }, limit: 100 })).body.conversations[id];

describe('The command line of the archive', () => {
  it('archives, says how it stands, reads it back, writes it out and brings it back', async () => {
    const id = await room();
    const before = await messagesOf(id);
    expect(await archive('status')).toMatchObject({
      code: 0,
      found: { rules: { after_days: 365, retention_days: null }, segments: 0, messages: 0, holds: [] },
    });
    expect(await archive('run', '--after-days', '1')).toMatchObject({ code: 0, found: { messages: 0, failed: [] } });
    const run = await archive('run', '--conversation', id, '--after-days', '0');
    expect(run).toMatchObject({
      code: 0,
      found: { conversations: 1, segments: 1, messages: COUNT, pruned: COUNT, busy: 0, failed: [] },
    });
    expect(await archive('status')).toMatchObject({
      code: 0,
      found: { segments: 1, messages: COUNT, by_state: { pruned: 1 } },
    });
    expect(await archive('verify', '--conversation', id)).toMatchObject({
      code: 0,
      found: { segments: 1, messages: COUNT, damaged: 0, problems: [] },
    });
    expect(await archive('export', '--to', folder)).toMatchObject({ code: 0, found: { files: 1, messages: COUNT } });
    const [file] = await readdir(join(folder, id));
    const lines = (await readFile(join(folder, id, file!), 'utf8')).trimEnd().split('\n');
    const exported = lines.map((line) => JSON.parse(line) as { seq: number; message: { text: string } });
    expect(exported.map(({ seq, message: { text } }) => [seq, text])).toEqual(
      before.map(({ seq, text }) => [seq, text]),
    );
    const restored = await archive('restore', '--conversation', id, '--from-seq', '1', '--to-seq', '3');
    expect(restored).toMatchObject({ code: 0, found: { segments: 1, messages: COUNT } });
    expect(await messagesOf(id)).toEqual(before);
    // What somebody wanted back is left alone.
    expect(await archive('run', '--conversation', id, '--after-days', '0')).toMatchObject({ found: { messages: 0 } });
  });

  it('says so of damage, and fails', async () => {
    const id = await room();
    await archive('run', '--conversation', id, '--after-days', '0');
    const objects = join(system.dataDir, 'storage/objects/archive', tenant.id);
    const key = (await readdir(objects, { recursive: true })).find(
      (name) => name.includes(id) && name.endsWith('.zst'),
    )!;
    const bytes = await readFile(join(objects, key));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(objects, key), bytes);
    const { code, found } = await archive('verify', '--conversation', id);
    expect([code, found.damaged, found.problems[0].conversation_id]).toEqual([1, 1, id]);
    expect(await archive('export', '--conversation', id, '--to', folder)).toMatchObject({ code: 1, found: null });
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(objects, key), bytes);
    expect(await archive('verify', '--conversation', id)).toMatchObject({ code: 0, found: { damaged: 0 } });
  });

  it('holds what users edit and delete, for operators alone, until it is told to let go', async () => {
    const id = await room();
    expect(await archive('hold', '--user', 'anna')).toMatchObject({ code: 0 });
    const own = (await messagesOf(id)).filter(({ sender }) => sender.user_external_id === 'anna') as unknown as {
      id: string;
    }[];
    await anna.patch(`/v1/messages/${own[1]!.id}`, { text: 'edited' });
    await anna.delete(`/v1/messages/${own[1]!.id}`);
    await anna.delete(`/v1/messages/${own[2]!.id}`);
    const ben = tenant.as('ben');
    for (const reader of [anna, ben]) {
      expect((await reader.get(`/v1/messages/${own[1]!.id}`)).body).toMatchObject({ text: null, attachments: null });
      expect((await reader.get(`/v1/messages/${own[1]!.id}/history`)).status).toBe(404);
    }
    const exported = async () => {
      const to = await mkdtemp(join(folder, 'held-'));
      expect(await archive('export', '--conversation', id, '--to', to)).toMatchObject({ code: 0 });
      const files = await readdir(join(to, id));
      const texts = await Promise.all(files.map((file) => readFile(join(to, id, file), 'utf8')));
      return texts.join('');
    };
    await archive('run', '--conversation', id, '--after-days', '0');
    for (const text of ['message 1', 'message 2', 'edited', 'message 4', 'message 6'])
      expect(await exported()).toContain(`"${text}"`);
    expect(await archive('hold', '--user', 'anna', '--off')).toMatchObject({ code: 0, found: { lifted: true } });
    const after = await exported();
    for (const text of ['message 2', 'edited', 'message 4']) expect(after).not.toContain(`"${text}"`);
    expect(after).toContain('"message 6"');
  });

  it('holds, and neither archives nor erases until it is told to let go', async () => {
    const id = await room();
    const run = () => archive('run', '--conversation', id, '--after-days', '0');
    expect((await run()).found.messages).toBe(COUNT);
    await tenant.acting('ben').post(`/v1/conversations/${id}/messages`, { client_message_id: 'late', text: 'late' });
    for (const subject of [['--conversation', id], ['--user', 'ben'], []]) {
      expect(await archive('hold', ...subject)).toMatchObject({ code: 0, found: { held: true } });
      const { code, found, problem } = await archive('erase', '--user', 'ben', '--yes');
      expect([code, found, problem?.code]).toEqual([1, null, 'legal_hold']);
      if (subject.length === 0) {
        expect(await run()).toMatchObject({ code: 0, found: { messages: 0 } });
        const { holds } = (await archive('status')).found;
        expect(holds.filter(({ reason }: { reason: string }) => reason === 'legal')).toHaveLength(1);
      }
      expect(await archive('hold', ...subject, '--off')).toMatchObject({ found: { held: false, lifted: true } });
    }
    expect(await archive('hold', '--off')).toMatchObject({ code: 0, found: { held: false, lifted: false } });
    expect(await run()).toMatchObject({ code: 0, found: { messages: 1 } });
  });

  it('erases what a user left there, and who syncs hears of it', async () => {
    const id = await room();
    await archive('run', '--conversation', id, '--after-days', '0');
    const before = await positionOf(id);
    expect(await archive('erase', '--user', 'ben')).toMatchObject({ code: 2, problem: { code: 'not_confirmed' } });
    expect((await messagesOf(id)).every(({ deleted_at }) => deleted_at === null)).toBe(true);
    expect(await archive('erase', '--user', 'ben', '--yes')).toMatchObject({ code: 0 });
    const { messages, seq, rev, resync_required } = await sync(id, before);
    expect([resync_required, seq, rev > before.rev]).toEqual([false, COUNT, true]);
    const told = new Map<number, { text: string | null }>(messages.map((each: { seq: number }) => [each.seq, each]));
    // The thread's root counts the replies of Ben's no more.
    expect(told.get(1)).toMatchObject({ text: 'message 0', reply_count: 1 });
    for (const message of await messagesOf(id)) {
      const isBens = message.sender.user_external_id === 'ben';
      expect([message.text === null, message.deleted_at !== null]).toEqual([isBens, isBens]);
      if (isBens) expect(told.get(message.seq)).toEqual(message);
    }
    const { found } = await caas(['messaging', 'verify', '--tenant', tenant.id]);
    expect(found.drifts).toEqual([]);
    expect((await archive('verify')).code).toBe(0);
  });

  it('erases a conversation, and who syncs is asked to begin anew', async () => {
    const id = await room();
    await archive('run', '--conversation', id, '--after-days', '0');
    const before = await positionOf(id);
    expect(await sync(id, before)).toMatchObject({ resync_required: false });
    const erased = await archive('erase', '--conversation', id, '--yes');
    expect(erased).toMatchObject({ code: 0, found: { segments: 1, messages: COUNT } });
    const asked = await sync(id, before);
    expect(asked).toMatchObject({ resync_required: true, messages: [], conversation: { last_message: null } });
    expect(await sync(id, asked)).toMatchObject({ resync_required: false });
    expect(await messagesOf(id)).toEqual([]);
    // And it goes on.
    const { status, body } = await anna.post(`/v1/conversations/${id}/messages`, { client_message_id: 'x', text: 'x' });
    expect([status, body.seq]).toEqual([201, COUNT + 1]);
  });

  it.each([
    ['a tenant that is none', ['run', '--tenant', 'clnt_nosuch1'], 2, 'No such tenant'],
    ['what cannot be a tenant', ['run', '--tenant', '../x'], 2, "--tenant is a tenant's id"],
    ['no tenant', ['status'], 2, '--tenant <tenant> is missing'],
    ['a conversation that is none', ['verify', '--conversation', NOBODY], 2, 'No such conversation'],
    ['what cannot be a conversation', ['status', '--conversation', 'room'], 2, '24 hexadecimal digits'],
    ['no conversation to restore', ['restore'], 2, '--conversation <id> is missing'],
    ['a date for a number of days', ['run', '--after-days', '2026-01-01'], 2, '--after-days is a whole number'],
    ['a time that no calendar has', ['run', '--after-days', '36501'], 2, '0 to 36500'],
    ['nothing to erase', ['erase', '--yes'], 2, 'Name --conversation or --user'],
    ['a user that is none', ['erase', '--user', 'nobody', '--yes'], 2, 'There is no user "nobody"'],
    // Without the conversation it would be about the whole tenant.
    ['a value with what looks like another', ['erase', '--user=anna=typo', '--yes'], 2, 'There is no user "anna=typo"'],
    ['an option given twice', ['status', '--conversation', NOBODY, '--conversation', NOBODY], 2, 'given twice'],
    ['a mistyped option', ['hold', '--conversaton', NOBODY], 2, 'has no option --conversaton'],
  ] as const)('refuses %s with a word on why', async (_what, [verb, ...words], code, why) => {
    const own = (words as string[]).includes('--tenant') || why.startsWith('--tenant') ? [] : ['--tenant', tenant.id];
    const end = await caas(['archive', verb, ...own, ...words]);
    expect([end.code, end.found]).toEqual([code, null]);
    expect(end.problem?.detail).toContain(why);
    expect(end.complaints).not.toMatch(/\n\s+at /);
  });

  it('refuses a range that ends before it begins', async () => {
    const id = await room();
    const end = await archive('restore', '--conversation', id, '--from-seq', '5', '--to-seq', '4');
    expect([end.code, end.problem?.detail]).toEqual([2, '--from-seq is beyond --to-seq.']);
  });
});
