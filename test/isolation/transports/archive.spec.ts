import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ObjectId, type Document } from 'mongodb';
import { Archiver, ArchiveHolds, ArchiveVerifier, Exporter } from '#caas/domain/archive';
import { sharedSystem, TIERS, type Answer, type Caller, type Room, type TenantSession } from '#caas/testing';
import { commandsInTurn } from '../../support/command-line';
import { Inside } from '../../support/inside';
import { JobQueue } from '../../support/job-queue';
import { TenantRows } from '../../support/tenant-rows';
import { CANARY, comparable } from './world';

/*
 * Of the forty ways, the fortieth: one tenant's archive cannot be named by another, whichever way its segments, objects,
 * conversations and messages are named; and what 1, 2, 9, 11, 34 and 35 ask, of messages in cold storage.
 */
/** As the shared system has it. */
const ENVIRONMENT = { ARCHIVE_TRUST: '300ms' };
const NOTHING = { conversation: 'd'.repeat(24), message: 'c'.repeat(24) };
const COUNT = 8;

const system = sharedSystem();
const caas = commandsInTurn(system, ENVIRONMENT);
let inside: Inside;
let queue: JobQueue;
let folder: string;
beforeAll(async () => {
  inside = await Inside.open({ ...ENVIRONMENT, DATA_DIR: system.dataDir });
  queue = new JobQueue('archive');
  folder = await mkdtemp(join(tmpdir(), 'caas-export-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await queue?.close();
  await inside?.close();
});

const objects = () => join(system.dataDir, 'storage/objects');

/** A tenant whose messages are all in cold storage, and its rows and objects as they lie in the engines. */
class Archived {
  room: Room;
  messages: string[] = [];

  private constructor(
    readonly tenant: TenantSession,
    readonly anna: Caller,
    readonly rows: TenantRows,
  ) {}

  static async create(tier: 'free' | 'pro' | 'enterprise', text: string, id: string): Promise<Archived> {
    const tenant = await system.tenant(tier, id);
    for (const who of ['anna', 'ben']) await tenant.user(who, { display_name: `${who} ${text}` });
    const own = new Archived(tenant, tenant.acting('anna'), await TenantRows.open(tenant.id, tier));
    own.room = await tenant.room('anna', ['ben'], { type: 'direct' });
    for (let n = 0; n < COUNT; n += 1) {
      const message = { client_message_id: `same-${n}`, text: `${text} ${n}`, mentions: ['ben'] };
      own.messages.push((await tenant.message('anna', own.room, message)).id as string);
    }
    const run = await inside.get(Archiver).run(await inside.context(tenant.id), { afterDays: 0 });
    expect(run).toMatchObject({ messages: COUNT, pruned: COUNT, failed: [] });
    return own;
  }

  get conversation(): string {
    return this.room.id;
  }

  page = (query = ''): Promise<Answer> => this.anna.get(`${this.room.path}/messages${query}`);

  /** Everything of the archive: as it is read, as it lies in the database, and as it lies in storage. */
  async portrait(): Promise<string> {
    const all = { tenant_id: this.tenant.id };
    const names = ['archive_segments', 'archive_blocks', 'archive_holds', 'archive_erasures', 'archived_marks'];
    const rows = await Promise.all(names.map((name) => this.rows.of(name).find(all).sort({ _id: 1 }).toArray()));
    const keys = await this.keys();
    const sums = await Promise.all(
      keys.map(async (key) =>
        createHash('sha256')
          .update(await readFile(join(objects(), key)))
          .digest('hex'),
      ),
    );
    const read = [await this.page(), await this.anna.get(`/v1/messages/${this.messages[0]}`)];
    return JSON.stringify([rows, keys, sums, read.map(({ status, body }) => [status, body as unknown])]);
  }

  async keys(): Promise<string[]> {
    const own = join('archive', this.tenant.id);
    const names = await readdir(join(objects(), own), { recursive: true });
    return names
      .filter((name) => name.endsWith('.zst'))
      .map((name) => join(own, name))
      .sort();
  }

  async segment(): Promise<Document> {
    return (await this.rows.of('archive_segments').findOne({ tenant_id: this.tenant.id }))!;
  }

  /** Readers look at the rows anew. */
  async touch(): Promise<void> {
    const where = { tenant_id: this.tenant.id, _id: new ObjectId(this.conversation) };
    await this.rows.of('conversations').updateOne(where, { $inc: { archive_version: 1 } });
  }
}

describe.each(TIERS)('the archive of tenant B, for tenant A, both %s', (tier) => {
  let a: Archived;
  let b: Archived;
  let before: string;
  beforeAll(async () => {
    const id = `clnt_${randomBytes(6).toString('hex')}`;
    a = await Archived.create(tier, 'of-A', id);
    // So that the folder of A's objects begins the name of B's.
    b = await Archived.create(tier, CANARY, `${id}b`);
    before = await b.portrait();
    expect(before).toContain(CANARY);
  });
  afterEach(async () => expect(await b.portrait()).toBe(before));
  afterAll(() => Promise.all([a?.rows.close(), b?.rows.close()]));

  const run = (verb: string, ...words: string[]) => caas(['archive', verb, '--tenant', a.tenant.id, ...words]);

  const asked: [string, (anna: Caller, of: typeof NOTHING) => Promise<Answer>][] = [
    ['a message', (anna, { message }) => anna.get(`/v1/messages/${message}`)],
    ['its history', (anna, { message }) => anna.get(`/v1/messages/${message}/history`)],
    ['its reactions', (anna, { message }) => anna.get(`/v1/messages/${message}/reactions`)],
    ['an edit', (anna, { message }) => anna.patch(`/v1/messages/${message}`, { text: 'mine' })],
    ['a deletion', (anna, { message }) => anna.delete(`/v1/messages/${message}`)],
    ['a pin', (anna, { message }) => anna.put(`/v1/messages/${message}/pin`)],
    ['a reaction', (anna, { message }) => anna.put(`/v1/messages/${message}/reactions/👍`)],
    [
      'a forward',
      (anna, { message }) =>
        anna.post(`/v1/messages/${message}/forward`, { conversation_id: a.conversation, client_message_id: 'f' }),
    ],
    [
      'a reply',
      (anna, { message }) =>
        anna.post(`/v1/conversations/${a.conversation}/messages`, {
          client_message_id: 'r',
          text: 'r',
          reply_to_id: message,
        }),
    ],
    [
      'a thread',
      (anna, { message }) =>
        anna.post(`/v1/conversations/${a.conversation}/messages`, {
          client_message_id: 't',
          text: 't',
          thread_root_id: message,
        }),
    ],
    ['a page', (anna, { conversation }) => anna.get(`/v1/conversations/${conversation}/messages`)],
    [
      'a page from a message on',
      (anna, { conversation, message }) => anna.get(`/v1/conversations/${conversation}/messages?cursor=${message}`),
    ],
    ['the own page from a message of B on', (_anna, { message }) => a.page(`?cursor=${message}`)],
    ['a thread’s page', (_anna, { message }) => a.page(`?thread_root_id=${message}`)],
    [
      'what is mentioned, from a message on',
      (anna, { message }) => anna.get(`/v1/mentions?cursor=${message}&limit=100`),
    ],
    [
      'a sync',
      (anna, { conversation }) => anna.post('/v1/sync', { conversations: { [conversation]: { seq: 1, rev: 0 } } }),
    ],
  ];
  it.each(asked)('1, 2, 9, 11: %s answers as for nothing', async (_what, ask) => {
    const ofB = { conversation: b.conversation, message: b.messages[3]! };
    const [toB, toNothing] = [await ask(a.anna, ofB), await ask(a.anna, NOTHING)];
    expect(JSON.stringify(toB.body)).not.toContain(CANARY);
    expect(comparable(toB, ofB)).toBe(comparable(toNothing, NOTHING));
  });

  const verbs = [
    ['run', '--after-days', '0'],
    ['erase', '--yes'],
    ['restore'],
    ['export', '--to', '/nowhere'],
    ['hold'],
  ];
  // Where each has a collection of its own there is less to confuse.
  it.each(tier === 'free' ? verbs : verbs.slice(0, 2))(
    '40: `archive %s` in A’s name knows no conversation of B',
    async (verb, ...words) => {
      const answer = await run(verb!, ...words, '--conversation', b.conversation);
      expect(answer).toMatchObject({ code: 2, found: null, problem: { code: 'conversation_not_found' } });
    },
  );

  it('40: status, verify and export are of A alone', async () => {
    for (const verb of ['status', 'verify']) {
      const { code, found } = await run(verb);
      expect([code, found.segments, found.messages]).toEqual([0, 1, COUNT]);
    }
    const to = join(folder, a.tenant.id);
    expect(await run('export', '--to', to)).toMatchObject({ code: 0, found: { files: 1, messages: COUNT } });
    expect(await readdir(to)).toEqual([a.conversation]);
    const [file] = await readdir(join(to, a.conversation));
    const text = await readFile(join(to, a.conversation, file!), 'utf8');
    expect([text.includes('of-A'), text.includes(CANARY)]).toEqual([true, false]);
  });

  it('40: a hold on all of A holds nothing of B', async () => {
    const [ofA, ofB] = [await inside.context(a.tenant.id), await inside.context(b.tenant.id)];
    await inside.get(ArchiveHolds).place(ofA, {});
    expect(await inside.get(ArchiveHolds).list(ofB)).toEqual([]);
    await inside.get(ArchiveHolds).lift(ofB, {});
    expect(await inside.get(ArchiveHolds).list(ofA)).toHaveLength(1);
    await inside.get(ArchiveHolds).lift(ofA, {});
  });

  it('34: jobs of A that name what is B’s find nothing of it', async () => {
    const segment = (await b.segment())._id.toHexString();
    for (const [name, after] of [
      ['archive-messages', b.conversation],
      ['scrub-archive', segment],
      // Looks for objects that no row of A names.
      ['scrub-archive', null],
    ] as const) {
      await queue.done(await queue.addFor(a.tenant.id, name, { after }));
    }
    expect(await a.keys()).toHaveLength(1);
  });

  it('40: a row of A that names an object of B, or B’s object under a key of A, is not read', async () => {
    const [own, theirs] = [await a.segment(), await b.segment()];
    const rows = a.rows.of('archive_segments');
    const unread = async () => {
      await a.touch();
      // The other process keeps in memory what was never forged.
      const anna = a.tenant.acting('anna', 1);
      const page = await anna.get(`/v1/conversations/${a.conversation}/messages`);
      expect(page).toMatchObject({ status: 503, body: { code: 'archive_unavailable' } });
      for (const id of [a.messages[0], b.messages[0]]) {
        const { status, body } = await anna.get(`/v1/messages/${id}`);
        expect([[404, 503].includes(status), JSON.stringify(body).includes(CANARY)]).toEqual([true, false]);
      }
      const ctx = await inside.context(a.tenant.id);
      const lines: string[] = [];
      const exporting = async () => {
        for await (const part of inside.get(Exporter).export(ctx)) lines.push(...part.lines);
      };
      await expect(exporting()).rejects.toThrow();
      expect(lines.join()).not.toContain(CANARY);
      expect(await inside.get(ArchiveVerifier).verify(ctx)).toMatchObject({ damaged: 1 });
    };
    const kept = ['_id', 'tenant_id', 'conversation_id'];
    const content = Object.entries(theirs).filter(([name]) => !kept.includes(name));
    await rows.updateOne({ _id: own._id }, { $set: Object.fromEntries(content) });
    await unread();
    const object = await readFile(join(objects(), own['key'] as string));
    await writeFile(join(objects(), own['key'] as string), await readFile(join(objects(), theirs['key'] as string)));
    await rows.updateOne({ _id: own._id }, { $set: { key: own['key'] } });
    await unread();
    // Whoever writes A's rows and objects can do harm to A: what A was is put back.
    await writeFile(join(objects(), own['key'] as string), object);
    await rows.replaceOne({ _id: own._id }, own);
    await a.touch();
    expect((await a.page()).body.data).toHaveLength(COUNT);
  });

  it('40: a row of A that lists messages of B finds none of them', async () => {
    const blocks = a.rows.of('archive_blocks');
    const own = (await blocks.findOne({ tenant_id: a.tenant.id }))!;
    await blocks.updateOne({ _id: own._id }, { $set: { ids: b.messages.map((id) => new ObjectId(id)) } });
    for (const id of b.messages.slice(0, 3)) {
      expect(await a.anna.get(`/v1/messages/${id}`)).toMatchObject({
        status: 404,
        body: { code: 'message_not_found' },
      });
    }
    await blocks.replaceOne({ _id: own._id }, own);
  });

  // On one collection no two rows have one id.
  if (tier !== 'free') {
    it('35: what of B is in a process’ memory is not A’s, even where A has a segment of the same id', async () => {
      const [own, theirs] = [await a.segment(), await b.segment()];
      for (const query of ['', '?direction=forward']) expect((await b.page(query)).body.data).toHaveLength(COUNT);
      const rows = a.rows.of('archive_segments');
      await rows.deleteOne({ _id: own._id });
      await rows.insertOne({ ...own, _id: theirs._id });
      await a.touch();
      const { status, body } = await a.page();
      expect([status, body.data?.length, JSON.stringify(body).includes(CANARY)]).toEqual([200, COUNT, false]);
      await rows.deleteOne({ _id: theirs._id });
      await rows.insertOne(own);
      await a.touch();
    });
  }

  it('40: what is erased of A, of a user whose name is also in B, is erased of A alone', async () => {
    expect(await run('erase', '--user', 'anna', '--yes')).toMatchObject({ code: 0, found: { messages: COUNT } });
    expect((await a.page()).body.data.every(({ text }: { text: string | null }) => text === null)).toBe(true);
  });
});
