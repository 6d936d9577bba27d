import { Injectable } from '@nestjs/common';
import { deserialize, type ObjectId } from 'bson';
import { Clock, type RequestContext } from '#caas/kernel';
import { ArchivableMessages, type ArchivedMessage, type Message, type RetainedState } from '#caas/domain/messages';
import { forEachConcurrent } from '#caas/platform/concurrency';
import { ArchiveMetrics } from '../archive-metrics';
import { BlockCodec } from '../format/block-codec';
import { ArchiveDamaged } from '../format/lines';
import { plainLineOf, type IndexedMessage } from '../format/plain-line';
import { monthOf, SegmentDraft, type FinishedDraft } from '../format/segment-draft';
import { archiveBlocks } from '../persistence/archive-block.schema';
import { archiveSegments, type ArchiveSegment } from '../persistence/archive-segment.schema';
import { SegmentObjects } from '../reading/segment-objects';
import { Checkpoints } from './checkpoints';
import { ArchiveHolds, type HeldMessages } from './holds';
import { ArchiveLeases, type Lease } from './leases';
import type { Throttle } from './throttle';

const MESSAGES_AT_ONCE = 2_000;
/** How much is planned and committed together. */
const SEGMENTS_AT_ONCE = 32;
const BYTES_AT_ONCE = 16 * 2 ** 20;
const OBJECTS_AT_ONCE = 8;

export interface Sealed {
  segments: number;
  messages: number;
  bytes: number;
  /** An earlier run left segments that must be completed first: nothing was sealed. */
  blocked: boolean;
}

/** A segment to be written, and the parts of its messages that stay hot. */
interface Ready extends FinishedDraft {
  remains: RetainedState;
}

/** A plain message is only its line; any other is decoded. */
type Read =
  { message: IndexedMessage; plain: string; whole: null } | { message: IndexedMessage; plain: null; whole: Message };

interface Open {
  draft: SegmentDraft;
  remains: RetainedState;
}

/**
 * The first half of the protocol, up to its only commit: freeze → plan → write → read back → seal. The hot collections are not changed.
 * A run interrupted at any point leaves nothing that readers can see; the next run deletes its plan and starts again.
 */
@Injectable()
export class SegmentWriter {
  constructor(
    private readonly hot: ArchivableMessages,
    private readonly codec: BlockCodec,
    private readonly objects: SegmentObjects,
    private readonly leases: ArchiveLeases,
    private readonly holds: ArchiveHolds,
    private readonly clock: Clock,
    private readonly faults: Checkpoints,
    private readonly metrics: ArchiveMetrics,
  ) {}

  /** Seals everything of a conversation that was sent before `before` and is not held. @throws LeaseLost, ArchiveDamaged */
  async seal(ctx: RequestContext, lease: Lease, before: Date, throttle: Throttle): Promise<Sealed> {
    await this.faults.at('leased');
    const unfinished = await this.unfinished(ctx, lease.conversationId);
    const [planned, others] = [unfinished.filter(isPlanned), unfinished.filter((each) => !isPlanned(each))];
    await this.clear(ctx, lease, planned);
    await this.faults.at('cleared');
    const held = await this.holds.of(ctx);
    // Sealed and restoring segments have hot copies too: sealing those messages again would store them twice.
    const sum: Sealed = { segments: 0, messages: 0, bytes: 0, blocked: others.length > 0 };
    if (sum.blocked || held.keepsAll(lease.conversationId)) return sum;
    const ready: Ready[] = [];
    const commit = async () => {
      for (const each of ready) {
        sum.segments += 1;
        sum.messages += each.segment.count;
        sum.bytes += each.segment.bytes;
      }
      await this.commit(ctx, lease, ready.splice(0), throttle);
    };
    for await (const each of this.drafts(ctx, lease.conversationId, { before, held, throttle })) {
      ready.push(each);
      const bytes = ready.reduce((total, { object }) => total + object.byteLength, 0);
      if (ready.length >= throttle.portion(SEGMENTS_AT_ONCE) || bytes >= BYTES_AT_ONCE) await commit();
    }
    if (ready.length > 0) await commit();
    return sum;
  }

  private unfinished(ctx: RequestContext, conversation_id: ObjectId): Promise<ArchiveSegment[]> {
    const state = { $in: ['planned', 'sealed', 'restoring'] };
    return ctx.repository(archiveSegments).find({ conversation_id, state });
  }

  /** Deletes the plans of an interrupted run: no reader has seen them. */
  private async clear(ctx: RequestContext, lease: Lease, planned: ArchiveSegment[]): Promise<void> {
    if (planned.length === 0) return;
    for (const segment of planned) await this.objects.delete(ctx, segment);
    const ids = { $in: planned.map(({ _id }) => _id) };
    await ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      await tx.repository(archiveBlocks).deleteMany({ segment_id: ids });
      await tx.repository(archiveSegments).deleteMany({ _id: ids, state: 'planned' });
    });
  }

  /** Reads and encodes in portions. One draft per month is open until it is full or the next month begins. */
  private async *drafts(
    ctx: RequestContext,
    conversationId: ObjectId,
    { before, held, throttle }: { before: Date; held: HeldMessages; throttle: Throttle },
  ): AsyncIterable<Ready> {
    const open = new Map<string, Open>();
    const upTo = await this.hot.foldedUpTo(ctx, conversationId);
    for (let after = 0; ;) {
      const limit = throttle.portion(MESSAGES_AT_ONCE);
      const encoded = await throttle.step(() =>
        this.metrics.timed('read', () => this.hot.encodedAfter(ctx, conversationId, { after, upTo, limit })),
      );
      const some = encoded.map((bson) => this.read(bson, held));
      const due = some.filter(
        ({ message, whole }) => message.created_at < before && !(whole !== null && held.keeps(whole)),
      );
      const parts = await this.hot.withParts(
        ctx,
        due.flatMap(({ whole }) => whole ?? []),
      );
      const archived = parts.values();
      for (const { message, plain } of due) {
        const month = monthOf(message.created_at);
        const { draft, remains } = open.get(month) ?? this.begin(ctx, conversationId, month, open);
        if (plain !== null) draft.addLine(plain, message);
        else this.addWhole(draft, remains, archived.next().value!);
        if (draft.isFull) yield await finish(open, month);
      }
      const newest = due.at(-1) && monthOf(due.at(-1)!.message.created_at);
      for (const month of [...open.keys()].sort()) if (newest && month < newest) yield await finish(open, month);
      const last = some.at(-1);
      // Numbers follow the sending time except for clock differences between processes, so a portion without any due message ends the
      // read.
      const isYoung = some.every(({ message }) => message.created_at >= before);
      if (!last || some.length < limit || isYoung) break;
      after = last.message.seq;
    }
    for (const month of [...open.keys()].sort()) yield await finish(open, month);
  }

  /** For a plain message its line is enough. Other messages are decoded; so are all messages if the tenant has any hold. */
  private read(bson: Uint8Array, held: HeldMessages): Read {
    const plain = held.isEmpty ? plainLineOf(bson) : null;
    if (plain && this.hot.isPastRepeating(plain.message.created_at, this.clock.now())) {
      return { message: plain.message, plain: plain.line, whole: null };
    }
    const whole = deserialize(bson) as Message;
    return { message: whole, plain: null, whole };
  }

  private addWhole(draft: SegmentDraft, remains: RetainedState, archived: ArchivedMessage): void {
    draft.add(archived);
    const { marks, sends } = this.hot.retainedStateOf([archived.message], this.clock.now());
    remains.marks.push(...marks);
    remains.sends.push(...sends);
  }

  private begin(ctx: RequestContext, conversationId: ObjectId, month: string, open: Map<string, Open>): Open {
    const draft = new SegmentDraft(this.codec, ctx.tenantId, conversationId, month);
    const begun = { draft, remains: { marks: [], sends: [] } };
    open.set(month, begun);
    return begun;
  }

  private async commit(ctx: RequestContext, lease: Lease, ready: Ready[], throttle: Throttle): Promise<void> {
    await this.faults.at('frozen');
    await throttle.step(() => this.metrics.timed('plan', () => this.plan(ctx, lease, ready)));
    await this.faults.at('planned');
    await this.metrics.timed('write', () =>
      forEachConcurrent(ready, OBJECTS_AT_ONCE, ({ segment, object }) => this.objects.put(ctx, segment, object)),
    );
    await this.faults.at('written');
    await this.metrics.timed('verify', () =>
      forEachConcurrent(ready, OBJECTS_AT_ONCE, (each) => this.compare(ctx, each)),
    );
    await this.faults.at('read_back');
    await throttle.step(() => this.metrics.timed('seal', () => this.sealAll(ctx, lease, ready)));
    this.metrics.sealed(ready.map(({ segment }) => segment));
    await this.faults.at('sealed');
  }

  private plan(ctx: RequestContext, lease: Lease, ready: Ready[]): Promise<void> {
    return ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      await tx.repository(archiveSegments).insertMany(ready.map(({ segment }) => segment));
      await tx.repository(archiveBlocks).insertMany(ready.flatMap(({ blocks }) => blocks));
    });
  }

  private sealAll(ctx: RequestContext, lease: Lease, ready: Ready[]): Promise<void> {
    const remains: RetainedState = {
      marks: ready.flatMap((each) => each.remains.marks),
      sends: ready.flatMap((each) => each.remains.sends),
    };
    const lastSeq = Math.max(...ready.map(({ segment }) => segment.last_seq));
    return ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      const ids = { $in: ready.map(({ segment }) => segment._id) };
      await tx.repository(archiveSegments).updateMany({ _id: ids }, { $set: { state: 'sealed' } });
      await this.hot.sealed(tx, lease.conversationId, remains, lastSeq);
      await this.faults.at('sealing');
    });
  }

  /** Checks that storage returns exactly what was frozen: count, ids and checksums. */
  private async compare(ctx: RequestContext, { segment, blocks }: Ready): Promise<void> {
    const read = await this.objects.verify(ctx, segment);
    const frozen = blocks.flatMap(({ ids }) => ids);
    const isSame = read.length === frozen.length && frozen.every((id, at) => id.toHexString() === read[at]);
    if (!isSame) throw new ArchiveDamaged('Storage gave back other messages than it was given.');
  }
}

const isPlanned = ({ state }: ArchiveSegment): boolean => state === 'planned';

async function finish(open: Map<string, Open>, month: string): Promise<Ready> {
  const { draft, remains } = open.get(month)!;
  open.delete(month);
  return { ...(await draft.finish()), remains };
}
