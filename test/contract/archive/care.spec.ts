import type { ObjectId } from 'bson';
import { archiveErasures, archiveSegments } from '#caas/domain/archive/testing';
import { ConversationFolds, conversations } from '#caas/domain/conversations';
import { ConversationCountsVerifier, messages, type Message, StoredMessagesReader } from '#caas/domain/messages';
import { reactions } from '#caas/domain/messages/testing';
import type { RequestContext } from '#caas/kernel';
import type { ObjectStorage } from '#caas/platform/storage';
import { ArchiveBench, aRoom, Faults, hotMessages, type Room } from './archive.support';
import { pageThrough, Witness } from './witness.support';

const THUMB = '👍';
const DAY_MS = 24 * 60 * 60_000;
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

let bench: ArchiveBench;
let ctx: RequestContext;
beforeAll(() => void (bench = new ArchiveBench()));
// Holds are of a tenant.
beforeEach(async () => void (ctx = bench.context(await bench.tenant('shared'))));
afterEach(() => {
  Witness.stopAll();
  bench.rules.retentionDays = null;
});
afterAll(() => bench.close());

const archived = async (count = 40, months = 1): Promise<Room> => {
  const room = await aRoom(ctx, count, months);
  await archive(room);
  return room;
};
const archive = async ({ id: conversationId }: Room) => {
  const { failed } = await bench.worker().archiver.run(ctx, { conversationId });
  expect(failed).toEqual([]);
};
const readAll = (room: Room) => pageThrough(bench.readers().reader, ctx, room.id, 'backward', 30);
const seqsOf = async (room: Room) => (await readAll(room)).map(({ seq }) => seq);
const rowOf = async (id: ObjectId) => (await ctx.repository(conversations).findById(id))!;
const erase = (subject: { conversationId?: ObjectId; userId?: ObjectId }) => bench.worker().eraser.erase(ctx, subject);

/** Ben reacts to a message of Anna, before it is archived. */
async function benReacts({ messages: [first], ben }: Room): Promise<void> {
  await ctx.repository(reactions).insertOne({ message_id: first!._id, user: ben, emoji: THUMB });
  await ctx.repository(messages).updateOne({ _id: first!._id }, { $set: { reaction_counts: { [THUMB]: 1 } } });
}

/** Who holds what, for each of the three subjects of a hold. */
const SUBJECTS = {
  'the tenant': () => ({}),
  'the conversation': ({ id }: Room) => ({ conversationId: id }),
  'a user who wrote in it': ({ ben }: Room) => ({ userId: ben.user_id }),
};

describe('A legal hold', () => {
  it.each(Object.entries(SUBJECTS))('on %s keeps what is archived from being erased', async (_who, subjectOf) => {
    const room = await aRoom(ctx, 20, 1);
    await benReacts(room);
    await archive(room);
    const [before, row] = [await readAll(room), await rowOf(room.id)];
    const { holds } = bench.worker();
    await holds.place(ctx, subjectOf(room));
    // Ben's own, what he left in a message of Anna's, and all of it.
    for (const what of [{ userId: room.ben.user_id }, { userId: room.anna.user_id }, { conversationId: room.id }]) {
      await expect(erase(what)).rejects.toMatchObject({ code: 'legal_hold' });
    }
    expect([await readAll(room), await rowOf(room.id)]).toEqual([before, row]);
    expect(await ctx.repository(archiveErasures).count({})).toBe(0);
    await holds.lift(ctx, subjectOf(room));
    await erase({ conversationId: room.id });
    expect(await seqsOf(room)).toEqual([]);
  });

  it.each(Object.entries(SUBJECTS))('on %s keeps it from expiring', async (_who, subjectOf) => {
    const room = await aRoom(ctx, 20, 4);
    // Who has only reacted to what is old holds that as well.
    await benReacts(room);
    await archive(room);
    const { holds, expirer, collector } = bench.worker();
    await holds.place(ctx, subjectOf(room));
    bench.rules.retentionDays = 60;
    const old = room.messages.filter(({ created_at }) => created_at.getTime() < Date.now() - 60 * DAY_MS);
    const keptOfUser = ({ seq, sender }: Message) => seq === 1 || sender.user_id.equals(room.ben.user_id);
    const gone = new Set(old.filter((each) => 'userId' in subjectOf(room) && !keptOfUser(each)).map(({ seq }) => seq));
    expect((await expirer.expire(ctx)) > 0).toBe(gone.size > 0);
    await collector.collect(ctx);
    expect(await seqsOf(room)).toEqual(upTo(20).filter((seq) => !gone.has(seq)));
    await holds.lift(ctx, subjectOf(room));
    expect(await expirer.expire(ctx)).toBeGreaterThan(0);
    await collector.collect(ctx);
    expect((await seqsOf(room)).length).toBeLessThan(20);
  });

  it('on somebody else, or another conversation, keeps nothing', async () => {
    const [room, other] = [await archived(10), await aRoom(ctx, 10, 1)];
    const { holds } = bench.worker();
    for (const subject of [{ conversationId: other.id }, { userId: other.anna.user_id }])
      await holds.place(ctx, subject);
    await erase({ userId: room.anna.user_id });
    await erase({ conversationId: room.id });
    expect(await seqsOf(room)).toEqual([]);
  });

  it('that comes while a segment is being rewritten stops the erasure', async () => {
    const room = await archived(20);
    const before = await readAll(room);
    const { holds } = bench.worker();
    const storage = Object.assign(Object.create(bench.storage) as ObjectStorage, {
      put: async (...put: Parameters<ObjectStorage['put']>) => {
        await holds.place(ctx, { userId: room.anna.user_id });
        return bench.storage.put(...put);
      },
    });
    const erasing = bench.worker({ storage }).eraser.erase(ctx, { userId: room.anna.user_id });
    await expect(erasing).rejects.toMatchObject({ code: 'legal_hold' });
    expect(await readAll(room)).toEqual(before);
    // What was begun is taken away by the next run.
    await archive(room);
    expect(await ctx.repository(archiveSegments).count({ conversation_id: room.id, state: 'planned' })).toBe(0);
    expect(await bench.worker().collector.collectOrphans(ctx)).toBe(0);
  });

  it('keeps hot what is held: the tenant’s, a conversation’s, a user’s', async () => {
    const room = await aRoom(ctx, 40);
    const other = await aRoom(ctx, 10);
    const { holds, archiver } = bench.worker();
    await holds.place(ctx, { userId: room.anna.user_id });
    await holds.place(ctx, { conversationId: other.id });
    for (const { id } of [room, other]) await archiver.run(ctx, { conversationId: id });
    const left = await hotMessages(ctx, room.id);
    expect(left).toHaveLength(20);
    expect(left.every(({ sender }) => sender.user_id.equals(room.anna.user_id))).toBe(true);
    expect(await hotMessages(ctx, other.id)).toHaveLength(10);
    expect(await seqsOf(room)).toEqual(room.messages.map(({ seq }) => seq));
    await holds.lift(ctx, { userId: room.anna.user_id });
    await archiver.run(ctx, { conversationId: room.id });
    await holds.place(ctx, {});
    expect(await hotMessages(ctx, room.id)).toEqual([]);
    const erase = bench.worker().eraser.erase(ctx, { userId: room.anna.user_id });
    await expect(erase).rejects.toMatchObject({ code: 'legal_hold' });
    for (const subject of [{}, { conversationId: other.id }]) await holds.lift(ctx, subject);
  });

  it('keeps hot what comes to be held between the seal and the deletion', async () => {
    const room = await aRoom(ctx, 40);
    const { holds } = bench.worker();
    const faults = new Faults(async (step) => {
      if (step === 'sealed') await holds.place(ctx, { userId: room.ben.user_id });
    });
    await bench.worker({ faults }).archiver.run(ctx, { conversationId: room.id });
    expect(await hotMessages(ctx, room.id)).toHaveLength(20);
    expect(await seqsOf(room)).toEqual(room.messages.map(({ seq }) => seq));
    await holds.lift(ctx, { userId: room.ben.user_id });
  });
});

describe('Erasure', () => {
  it('erases a user: their messages are tombstones, their votes and reactions are gone, no byte of them is left', async () => {
    const room = await archived(40, 3);
    const witness = new Witness(ctx, room, bench.reader);
    const keys = async () =>
      (await ctx.repository(archiveSegments).find({ conversation_id: room.id })).map(({ key }) => key);
    const before = await keys();
    await bench.worker().eraser.erase(ctx, { userId: room.anna.user_id });
    await witness.stop();
    const read = await pageThrough(bench.readers().reader, ctx, room.id, 'forward', 30);
    expect(read.map(({ seq }) => seq)).toEqual(room.messages.map(({ seq }) => seq));
    for (const { sender, text, deleted_at, reaction_counts, poll } of read) {
      const isTheirs = sender.user_id.equals(room.anna.user_id);
      expect([deleted_at !== null, text === null]).toEqual([isTheirs, isTheirs]);
      expect([reaction_counts, poll?.voter_count ?? 0]).toEqual([{}, 0]);
    }
    for (const key of before) expect(await bench.storage.exists(key)).toBe(false);
    for await (const { lines } of bench.worker().exporter.export(ctx, room.id)) {
      expect(lines.join()).not.toContain('"Anna"');
    }
    const { damaged } = await bench.worker().verifier.verify(ctx, { conversationId: room.id });
    expect(damaged).toBe(0);
  });

  it('takes a rev for each message that changes, as any change does, and for the threads that its replies were in', async () => {
    const room = await aRoom(ctx, 40, 3);
    await benReacts(room);
    await archive(room);
    const before = await rowOf(room.id);
    const erased = await erase({ userId: room.ben.user_id });
    const { rev } = await rowOf(room.id);
    const { cold, reader } = bench.readers();
    const changed = await reader.changedAfter(ctx, room.id, {
      afterRev: before.rev,
      fromSeq: 1,
      upToSeq: Infinity,
      limit: 100,
    });
    // Every message of Ben's, and Anna's that he had reacted to and that began the thread he replied in.
    const ofBen = room.messages.filter(({ sender }) => sender.user_id.equals(room.ben.user_id));
    const expected = [room.messages[0]!, ...ofBen].map(({ seq }) => seq);
    expect(changed.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
    const revs = changed.map((message) => message.rev);
    expect(new Set(revs).size).toBe(revs.length);
    expect([Math.min(...revs) > before.rev, Math.max(...revs)]).toEqual([true, rev]);
    for (const { sender, text, deleted_at } of changed.filter(({ seq }) => seq > 1)) {
      expect([sender.user_id, text, deleted_at === null]).toEqual([room.ben.user_id, null, false]);
    }
    expect(changed.find(({ seq }) => seq === 1)).toMatchObject({
      reaction_counts: {},
      reply_count: 0,
      last_repliers: [],
    });
    // No process of this test sends: it finds all of it folded.
    const folds = new ConversationFolds(new StoredMessagesReader(), {} as never, {} as never);
    const { drifts } = await new ConversationCountsVerifier(reader, cold, folds).verify(ctx);
    const ownSeqs = ['seq', 'rev', 'reply_count', 'reaction_counts', 'poll_votes'];
    expect(drifts.filter(({ what }) => ownSeqs.includes(what))).toEqual([]);
    expect(erased.messages).toBeGreaterThan(ofBen.length);
    // Once is enough.
    expect(await erase({ userId: room.ben.user_id })).toEqual({ segments: 0, messages: 0 });
    expect((await rowOf(room.id)).rev).toBe(rev);
  });

  it('takes away the preview in the inbox, too', async () => {
    const room = await aRoom(ctx, 10, 1);
    const { _id: id, created_at } = room.messages.at(-1)!;
    const last_message = { id, sender_id: room.ben.user_id, type: 'text', text: 'secret', created_at };
    await ctx.repository(conversations).updateOne({ _id: room.id }, { $set: { last_message } });
    await archive(room);
    await erase({ userId: room.ben.user_id });
    expect((await rowOf(room.id)).last_message).toMatchObject({ id, text: null, deleted_at: expect.any(Date) as Date });
    await erase({ conversationId: room.id });
    expect((await rowOf(room.id)).last_message).toBeNull();
  });

  it('erases a conversation: nothing of it is left but that it was', async () => {
    const room = await archived();
    const before = await rowOf(room.id);
    await bench.worker().eraser.erase(ctx, { conversationId: room.id });
    expect(await seqsOf(room)).toEqual([]);
    // Who knew something of it begins anew.
    const { rev, resync_rev } = await rowOf(room.id);
    expect([rev > before.rev, resync_rev]).toEqual([true, rev]);
    const rows = await ctx.repository(archiveSegments).find({ conversation_id: room.id });
    for (const { key } of rows) expect(await bench.storage.exists(key)).toBe(false);
  });
});

describe('Expiry', () => {
  it('lets segments expire whose time is over', async () => {
    const room = await archived(60, 6);
    bench.rules.retentionDays = 100;
    try {
      await bench.worker().expirer.expire(ctx);
    } finally {
      bench.rules.retentionDays = null;
    }
    const left = await seqsOf(room);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(60);
    expect(left.at(-1)).toBe(60);
    await bench.worker().collector.collect(ctx);
    expect(await seqsOf(room)).toEqual(left);
  });

  const youngerThan = (room: Room, days: number) =>
    room.messages.filter(({ created_at }) => created_at.getTime() >= Date.now() - days * DAY_MS).map(({ seq }) => seq);

  it('goes by the age of each message, in the middle of a segment too', async () => {
    const room = await archived(60, 1);
    for (const days of [20, 10]) {
      bench.rules.retentionDays = days;
      expect(await bench.worker().expirer.expire(ctx)).toBeGreaterThan(0);
      expect(await seqsOf(room)).toEqual(youngerThan(room, days));
      await bench.worker().collector.collect(ctx);
      expect(await seqsOf(room)).toEqual(youngerThan(room, days));
      expect(await bench.worker().expirer.expire(ctx)).toBe(0);
    }
    expect(await bench.worker().verifier.verify(ctx, { conversationId: room.id })).toMatchObject({ damaged: 0 });
  });

  it('ends also the time of what would stay hot for longer than it is kept', async () => {
    const room = await aRoom(ctx, 60, 1);
    const { afterDays } = bench.rules;
    Object.assign(bench.rules, { afterDays: 365, retentionDays: 10 });
    try {
      await archive(room);
      await bench.worker().expirer.expire(ctx);
      expect(await seqsOf(room)).toEqual(youngerThan(room, 10));
      expect((await hotMessages(ctx, room.id)).map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
        youngerThan(room, 10),
      );
    } finally {
      bench.rules.afterDays = afterDays;
    }
  });
});
