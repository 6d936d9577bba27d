import { ARCHIVE_STEPS, archiveSegments, type ArchiveStep } from '#caas/domain/archive/testing';
import { messages, type MessageReader } from '#caas/domain/messages';
import type { RequestContext } from '#caas/kernel';
import { ArchiveBench, aRoom, Faults, hotMessages, SkewedClock, type Room } from './archive.support';
import { pageThrough, Witness } from './witness.support';

const DAY_MS = 24 * 60 * 60_000;
const COUNT = 40;
/** The archiver's own way; a restoration has its own specs. */
const STEPS = ARCHIVE_STEPS.filter((step) => step !== 'restored_block');
/** Inside a transaction a process can only fail or lose its connection, and both are the transaction's end. */
const IN_TRANSACTION: ArchiveStep[] = ['sealing', 'pruning', 'checked'];

class Killed extends Error {}

/** Once, at a step. */
function once(step: ArchiveStep, what: () => Promise<void> | void): Faults {
  let done = false;
  return new Faults((at) => {
    if (at !== step || done) return undefined;
    done = true;
    return what();
  });
}

describe.each(['shared', 'prefixed', 'dedicated'] as const)('The archiver on the %s placement', (placement) => {
  let bench: ArchiveBench;
  let ctx: RequestContext;
  let reader: MessageReader;
  beforeAll(async () => {
    bench = new ArchiveBench(placement === 'prefixed' ? 'a master key of the test, long enough' : null);
    ctx = bench.context(await bench.tenant(placement));
    ({ reader } = bench);
  });
  afterEach(() => Witness.stopAll());
  afterAll(() => bench.close());

  /** Everything is cold, and each message is there once. */
  async function expectArchived({ id, messages: all }: Room, alsoHot: number[] = []): Promise<void> {
    expect((await hotMessages(ctx, id)).map(({ seq }) => seq)).toEqual(alsoHot);
    const { reader: another } = bench.readers();
    for (const direction of ['forward', 'backward'] as const) {
      const read = await pageThrough(another, ctx, id, direction, 13);
      expect(read.map(({ _id }) => _id.toHexString())).toEqual(all.map(({ _id }) => _id.toHexString()));
    }
    const span = { afterRev: 0, fromSeq: 1, upToSeq: Infinity, limit: COUNT * 2 };
    const changed = await another.changedAfter(ctx, id, span);
    expect(changed.map(({ seq }) => seq)).toEqual(all.flatMap(({ seq, rev }) => (rev > 0 ? [seq] : [])));
    const { damaged, problems } = await bench.worker().verifier.verify(ctx, { conversationId: id });
    expect({ damaged, problems }).toEqual({ damaged: 0, problems: [] });
    const unfinished = { conversation_id: id, state: { $in: ['planned', 'sealed'] } };
    expect(await ctx.repository(archiveSegments).count(unfinished)).toBe(0);
  }

  /** One room for each case, all at once: they wait for the same grace. */
  async function inRooms<T>(cases: readonly T[], work: (one: T, room: Room) => Promise<void>): Promise<void> {
    const rooms = await Promise.all(cases.map(() => aRoom(ctx, COUNT)));
    const outcomes = await Promise.allSettled(
      cases.map(async (one, at) => {
        const witness = new Witness(ctx, rooms[at]!, reader);
        await work(one, rooms[at]!).finally(() => witness.stop());
      }),
    );
    const failed = outcomes.flatMap((outcome, at) =>
      outcome.status === 'rejected' ? [`${JSON.stringify(cases[at])}: ${(outcome.reason as Error).stack}`] : [],
    );
    expect(failed.join('\n\n')).toBe('');
  }

  it('passes every step that the fault hook names', async () => {
    const room = await aRoom(ctx, COUNT);
    const faults = new Faults();
    const result = await bench.worker({ faults }).archiver.run(ctx, { conversationId: room.id });
    expect(result).toMatchObject({ messages: COUNT, pruned: COUNT, busy: 0, failed: [] });
    expect([...new Set(faults.seen)]).toEqual(STEPS);
    await expectArchived(room);
  });

  it('fails at any step, and a rerun finishes', async () => {
    await inRooms(STEPS, async (step, room) => {
      const faults = once(step, () => {
        throw new Killed(step);
      });
      const conversationId = room.id;
      const broken = await bench.worker({ faults }).archiver.run(ctx, { conversationId });
      expect(broken.failed).toMatchObject([{ reason: step }]);
      const { failed } = await bench.worker().archiver.run(ctx, { conversationId });
      expect(failed).toEqual([]);
      await expectArchived(room);
    });
  });

  // What follows depends on no placement.
  if (placement !== 'shared') return;

  it('dies at any step without a word, and a rerun finishes when its lease is over', async () => {
    const steps = STEPS.filter((step) => !IN_TRANSACTION.includes(step));
    await inRooms(steps, async (step, room) => {
      const conversationId = room.id;
      await new Promise<void>((dead, failed) => {
        const faults = once(step, () => {
          dead();
          return new Promise(() => undefined);
        });
        void bench
          .worker({ faults })
          .archiver.run(ctx, { conversationId })
          .then(() => failed(new Error(step)));
      });
      const early = await bench.worker().archiver.run(ctx, { conversationId });
      // After the last step nothing is left to do.
      expect(early.busy).toBe(step === 'pruned' ? 0 : 1);
      const clock = new SkewedClock(2 * 60_000);
      expect((await bench.worker({ clock }).archiver.run(ctx, { conversationId })).failed).toEqual([]);
      await expectArchived(room);
    });
  });

  it('is overtaken at any step by another, whose clock is a day ahead, and commits nothing after it', async () => {
    const steps = STEPS.filter((step) => !IN_TRANSACTION.includes(step));
    await inRooms(steps, async (step, room) => {
      const conversationId = room.id;
      const other = bench.worker({ clock: new SkewedClock(DAY_MS) });
      const faults = once(step, async () => void (await other.archiver.run(ctx, { conversationId })));
      await bench.worker({ faults, clock: new SkewedClock(-DAY_MS) }).archiver.run(ctx, { conversationId });
      const clock = new SkewedClock(3 * DAY_MS);
      await bench.worker({ clock }).archiver.run(ctx, { conversationId });
      await expectArchived(room);
    });
  });

  it('leaves hot what is edited at any step, as it is now', async () => {
    const steps = STEPS.filter(
      (step) => !IN_TRANSACTION.includes(step) && STEPS.indexOf(step) < STEPS.indexOf('pruning'),
    );
    await inRooms(steps, async (step, room) => {
      const conversationId = room.id;
      const { _id, seq } = room.messages[30]!;
      const faults = once(step, async () => {
        await ctx.repository(messages).updateOne({ _id }, { $set: { text: `edited at ${step}`, rev: COUNT + 1 } });
      });
      const { failed } = await bench.worker({ faults }).archiver.run(ctx, { conversationId });
      expect(failed).toEqual([]);
      const read = await pageThrough(bench.readers().reader, ctx, room.id, 'backward', 20);
      const edited = ['leased', 'cleared'].includes(step) ? [] : [seq];
      expect((await hotMessages(ctx, room.id)).map((message) => message.seq)).toEqual(edited);
      expect(read[30]).toMatchObject({ seq, text: `edited at ${step}` });
      const later = { afterRev: COUNT, fromSeq: 1, upToSeq: Infinity, limit: 10 };
      const changed = await reader.changedAfter(ctx, room.id, later);
      expect(changed.map((message) => message.seq)).toEqual([seq]);
      // A client that knows less of the conversation hears of it as of a new message.
      expect(await reader.changedAfter(ctx, room.id, { ...later, upToSeq: seq - 1 })).toEqual([]);
      // And the next run takes it along.
      await bench.worker().archiver.run(ctx, { conversationId });
      expect(await hotMessages(ctx, room.id)).toEqual([]);
      const after = await pageThrough(bench.readers().reader, ctx, room.id, 'forward', 20);
      expect(after.map((message) => message.seq)).toEqual(room.messages.map((message) => message.seq));
      expect(after[30]!.text).toBe(`edited at ${step}`);
    });
  });
});
