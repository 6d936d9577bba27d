import { Readable } from 'node:stream';
import { ObjectId } from 'bson';
import { archiveSegments } from '#caas/domain/archive/testing';
import { messageVersions, pollVotes, reactions } from '#caas/domain/messages/testing';
import { messages } from '#caas/domain/messages';
import { users } from '#caas/domain/users';
import type { RequestContext } from '#caas/kernel';
import { ObjectStorage, type ByteRange, type ObjectInfo } from '#caas/platform/storage';
import type { StoredObject } from '#caas/platform/storage/testing';
import { ArchiveBench, aRoom, bytesOf, Faults, hotMessages, type Room } from './archive.support';
import { pageThrough, Witness } from './witness.support';

type Trouble =
  'put fails' | 'put loses its answer' | 'get fails' | 'get is cut short' | 'get is altered' | 'get finds nothing';

/** A storage that has trouble, as long as it has. */
class TroubledStorage extends ObjectStorage {
  constructor(
    private readonly inner: ObjectStorage,
    private readonly trouble: Trouble,
  ) {
    super();
  }

  override async put(key: string, body: Uint8Array | Readable): Promise<ObjectInfo> {
    if (this.trouble === 'put fails') throw new Error('no room');
    const info = await this.inner.put(key, body);
    if (this.trouble === 'put loses its answer') throw new Error('connection lost');
    return info;
  }

  override async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
    if (this.trouble === 'get fails') throw new Error('connection lost');
    if (this.trouble === 'get finds nothing') return null;
    const found = await this.inner.get(key, range);
    if (!found) return null;
    const bytes = Buffer.concat((await found.body.toArray()) as Buffer[]);
    if (this.trouble === 'get is cut short') return { ...found, body: Readable.from([bytes.subarray(0, -1)]) };
    if (this.trouble === 'get is altered') bytes[bytes.length >> 1]! ^= 1;
    return { ...found, body: Readable.from([bytes]) };
  }

  override get appendable() {
    return this.inner.appendable;
  }

  override head = (key: string) => this.inner.head(key);
  override delete = (key: string) => this.inner.delete(key);
  override list = (prefix: string) => this.inner.list(prefix);
  override ping = () => this.inner.ping();
}

let bench: ArchiveBench;
let ctx: RequestContext;
beforeAll(() => void (bench = new ArchiveBench()));
// Holds and damage are of a tenant.
beforeEach(async () => void (ctx = bench.context(await bench.tenant('shared'))));
afterEach(() => Witness.stopAll());
afterAll(() => bench.close());

const archived = async (count = 40, months = 1): Promise<Room> => {
  const room = await aRoom(ctx, count, months);
  const { failed } = await bench.worker().archiver.run(ctx, { conversationId: room.id });
  expect(failed).toEqual([]);
  return room;
};
const seqsOf = async (room: Room) =>
  (await pageThrough(bench.readers().reader, ctx, room.id, 'backward', 30)).map(({ seq }) => seq);

describe('Storage in trouble', () => {
  it.each([
    'put fails',
    'put loses its answer',
    'get fails',
    'get is cut short',
    'get is altered',
    'get finds nothing',
  ] as const)('costs nothing when %s: nothing is sealed, and a rerun finishes', async (trouble) => {
    const room = await aRoom(ctx, 40);
    const witness = new Witness(ctx, room, bench.reader);
    const conversationId = room.id;
    const storage = new TroubledStorage(bench.storage, trouble);
    const { failed, segments } = await bench.worker({ storage }).archiver.run(ctx, { conversationId });
    expect([failed.length, segments]).toEqual([1, 0]);
    expect(await hotMessages(ctx, room.id)).toHaveLength(40);
    await bench.worker().archiver.run(ctx, { conversationId });
    await witness.stop();
    expect(await hotMessages(ctx, room.id)).toEqual([]);
    expect(await seqsOf(room)).toEqual(room.messages.map(({ seq }) => seq));
    expect(await bench.worker().collector.collectOrphans(ctx)).toBe(0);
  });

  it.each(['get fails', 'get is cut short', 'get is altered', 'get finds nothing'] as const)(
    'tells readers so when %s, and never shows a part as if it were all',
    async (trouble) => {
      const room = await archived();
      const { reader } = bench.readers(new TroubledStorage(bench.storage, trouble));
      const read = reader.span(ctx, room.id, { from: 1, to: Infinity, direction: 'backward', limit: 10 });
      await expect(read).rejects.toMatchObject({ kind: 'unavailable', code: 'archive_unavailable' });
    },
  );
});

describe('Verification', () => {
  it('finds a single flipped bit, wherever it is', async () => {
    const room = await archived();
    const [segment] = await ctx.repository(archiveSegments).find({ conversation_id: room.id });
    const { key, bytes } = segment!;
    const verify = () => bench.worker().verifier.verify(ctx, { conversationId: room.id });
    expect(await verify()).toMatchObject({ damaged: 0, messages: expect.any(Number) as number });
    const whole = Buffer.concat((await (await bench.storage.get(key))!.body.toArray()) as Buffer[]);
    for (const at of [0, 5, bytes >> 1, bytes - 1]) {
      const altered = Buffer.from(whole);
      altered[at]! ^= 1 << (at % 8);
      await bench.storage.put(key, altered);
      expect(await verify()).toMatchObject({ damaged: 1, problems: [{ key }] });
    }
    await bench.storage.put(key, whole);
    expect(await verify()).toMatchObject({ damaged: 0 });
  });

  it('finds an object that is gone, and one that nobody knows', async () => {
    const room = await archived();
    const [segment] = await ctx.repository(archiveSegments).find({ conversation_id: room.id });
    await bench.storage.delete(segment!.key);
    const { damaged } = await bench.worker().verifier.verify(ctx, { conversationId: room.id });
    expect(damaged).toBe(1);
    await bench.storage.put(`${segment!.key.replace('.ndjson', '-x.ndjson')}`, Buffer.from('x'));
    expect(await bench.worker().collector.collectOrphans(ctx)).toBe(1);
  });
});

describe('Restoration', () => {
  it('puts everything back to the byte, is read once all the while, and is left alone for some time', async () => {
    const room = await aRoom(ctx, 300);
    const parts = async () => {
      const among = { message_id: { $in: room.messages.map(({ _id }) => _id) } };
      const all = { sort: { _id: 1 } } as const;
      return [
        await hotMessages(ctx, room.id),
        await ctx.repository(reactions).find(among, all),
        await ctx.repository(pollVotes).find(among, all),
        await ctx.repository(messageVersions).find(among, all),
      ].map(bytesOf);
    };
    const before = await parts();
    const conversationId = room.id;
    const witness = new Witness(ctx, room, bench.reader);
    await bench.worker().archiver.run(ctx, { conversationId });
    expect((await parts()).map(({ length }) => length)).toEqual([0, 0, 0, 0]);
    const faults = new Faults((step) => {
      if (step === 'restored_block') throw new Error('killed');
    });
    await expect(bench.worker({ faults }).restorer.restore(ctx, { conversationId })).rejects.toThrow('killed');
    await bench.worker().restorer.restore(ctx, { conversationId });
    expect(await parts()).toEqual(before);
    const { failed } = await bench.worker().archiver.run(ctx, { conversationId });
    expect(failed).toEqual([]);
    await bench.worker().collector.collect(ctx);
    await witness.stop();
    expect(await parts()).toEqual(before);
    expect(await ctx.repository(archiveSegments).count({ conversation_id: conversationId })).toBe(0);
  });
});

describe('What is read', () => {
  it('has the present names, also after a rename', async () => {
    const room = await archived();
    await ctx.repository(users).updateOne({ _id: room.anna.user_id }, { $set: { display_name: 'Anne' } });
    const [first] = await bench.readers().reader.span(ctx, room.id, { from: 1, to: 1, direction: 'forward', limit: 1 });
    expect(first!.sender.user_display_name).toBe('Anne');
  });

  it('is of the own tenant, whatever a row or an object says', async () => {
    const room = await archived();
    const other = bench.context(await bench.tenant('shared'));
    const foreign = await aRoom(other, 40, 1);
    await bench.worker().archiver.run(other, { conversationId: foreign.id });
    const [own] = await ctx.repository(archiveSegments).find({ conversation_id: room.id }, { sort: { first_seq: 1 } });
    const [theirs] = await other
      .repository(archiveSegments)
      .find({ conversation_id: foreign.id }, { sort: { first_seq: 1 } });
    const { reader } = bench.readers();
    expect(await reader.find(ctx, foreign.messages[0]!._id)).toBeNull();
    expect(await reader.span(ctx, foreign.id, { from: 1, to: 9, direction: 'forward', limit: 9 })).toEqual([]);
    const refused = async () => {
      const read = bench.readers().reader.span(ctx, room.id, { from: 1, to: 9, direction: 'forward', limit: 9 });
      await expect(read).rejects.toMatchObject({ code: 'archive_unavailable' });
    };
    // A row that names the other's object.
    const { key, blocks } = theirs!;
    await ctx.repository(archiveSegments).updateOne({ _id: own!._id }, { $set: { key, blocks } });
    await refused();
    // The other's object under the own key.
    const object = Buffer.concat((await (await bench.storage.get(key))!.body.toArray()) as Buffer[]);
    await bench.storage.put(own!.key, object);
    await ctx.repository(archiveSegments).updateOne({ _id: own!._id }, { $set: { key: own!.key, blocks } });
    await refused();
  });

  it('is also what plain EJSON cannot carry', async () => {
    const room = await aRoom(ctx, 12);
    const _id = room.messages[5]!._id;
    await ctx.repository(messages).updateOne({ _id }, { $set: { metadata: { zero: -0, id: new ObjectId() } } });
    const before = (await hotMessages(ctx, room.id)).filter((message) => message._id.equals(_id));
    await bench.worker().archiver.run(ctx, { conversationId: room.id });
    await bench.worker().restorer.restore(ctx, { conversationId: room.id });
    const after = (await hotMessages(ctx, room.id)).filter((message) => message._id.equals(_id));
    expect(bytesOf(after)).toEqual(bytesOf(before));
  });
});
