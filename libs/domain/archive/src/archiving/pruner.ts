import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { ArchivableMessages, type FrozenMessage, type FrozenSpan, type HotMessage } from '#caas/domain/messages';
import { ArchiveMetrics } from '../archive-metrics';
import { archiveBlocks, type ArchiveBlock } from '../persistence/archive-block.schema';
import { archiveSegments, type ArchiveSegment, type BlockEntry } from '../persistence/archive-segment.schema';
import { Checkpoints } from './checkpoints';
import { ArchiveHolds } from './holds';
import { ArchiveLeases, type Lease } from './leases';
import type { Throttle } from './throttle';

/** The most messages that one transaction deletes. */
const MESSAGES_AT_ONCE = 1_000;
const SEGMENTS_AT_ONCE = 64;

interface Frozen extends FrozenMessage {
  block: ArchiveBlock;
}

interface Portion extends FrozenSpan {
  messages: Frozen[];
}

/**
 * The second half of the protocol: deletes sealed messages from the hot collections. A message that changed since the freeze, or that a
 * hold now covers, stays hot, and its copy in the segment is superseded. Each step may be interrupted and repeated.
 */
@Injectable()
export class Pruner {
  constructor(
    private readonly hot: ArchivableMessages,
    private readonly leases: ArchiveLeases,
    private readonly holds: ArchiveHolds,
    private readonly faults: Checkpoints,
    private readonly metrics: ArchiveMetrics,
  ) {}

  /** Prunes everything of the conversation that is sealed. @returns how many messages were deleted from hot. @throws LeaseLost */
  async prune(ctx: RequestContext, lease: Lease, throttle: Throttle): Promise<number> {
    let pruned = 0;
    for (;;) {
      const limit = throttle.portion(SEGMENTS_AT_ONCE);
      const sealed = await ctx
        .repository(archiveSegments)
        .find({ conversation_id: lease.conversationId, state: 'sealed' }, { limit, sort: { _id: 1 } });
      if (sealed.length > 0) pruned += await this.pruneSome(ctx, lease, sealed, throttle);
      // No other process can seal segments while we hold the lease.
      if (sealed.length < limit) return pruned;
    }
  }

  private async pruneSome(
    ctx: RequestContext,
    lease: Lease,
    sealed: ArchiveSegment[],
    throttle: Throttle,
  ): Promise<number> {
    const among = { $in: sealed.map(({ _id }) => _id) };
    const blocks = await ctx.repository(archiveBlocks).find({ segment_id: among });
    const portions = portionsOf(sealed, blocks, throttle.portion(MESSAGES_AT_ONCE));
    const kept = await this.held(ctx, portions);
    let pruned = 0;
    for (const portion of portions) {
      const messages = portion.messages.filter(({ _id }) => !kept.has(_id.toHexString()));
      const gone = await throttle.step(() =>
        this.metrics.timed('delete', () => this.delete(ctx, lease, { ...portion, messages })),
      );
      pruned += gone;
      await this.faults.at('pruned_portion');
    }
    const stayed = await throttle.step(() =>
      this.metrics.timed('settle', () => this.settle(ctx, lease, sealed, portions)),
    );
    this.metrics.pruned({ segments: sealed.length, messages: pruned, stayed });
    await this.faults.at('pruned');
    return pruned;
  }

  private delete(ctx: RequestContext, lease: Lease, portion: Portion): Promise<number> {
    return ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      const count = await this.hot.prune(tx, portion);
      await this.faults.at('pruning');
      return count;
    });
  }

  /** Ids of messages that must stay hot because a hold was placed after the freeze. */
  private async held(ctx: RequestContext, portions: Portion[]): Promise<Set<string>> {
    const kept = new Set<string>();
    const held = await this.holds.of(ctx);
    if (held.isEmpty) return kept;
    for (const { messages } of portions) {
      for (const message of await this.hot.named(ctx, messages)) {
        if (held.keeps(message)) kept.add(message._id.toHexString());
      }
    }
    return kept;
  }

  /**
   * Marks the copies of messages that stay hot as superseded, so that no message is both hot and cold. The check is part of the commit.
   * @returns how many stay hot
   */
  private async settle(
    ctx: RequestContext,
    lease: Lease,
    sealed: ArchiveSegment[],
    portions: Portion[],
  ): Promise<number> {
    await this.faults.at('superseding');
    return ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      const left: HotMessage[] = [];
      for (const portion of portions) left.push(...(await this.hot.leftOf(tx, portion)));
      await this.faults.at('checked');
      const rows = tx.repository(archiveSegments);
      const staying = stayingOf(portions, left);
      const [superseded, whole] = partition(sealed, ({ _id }) => staying.has(_id.toHexString()));
      const pruned = { state: 'pruned' };
      await rows.updateMany({ _id: { $in: whole.map(({ _id }) => _id) }, state: 'sealed' }, { $set: pruned });
      for (const { _id, blocks } of superseded) {
        const $set = { ...pruned, blocks: superseding(blocks, staying.get(_id.toHexString())!) };
        await rows.updateOne({ _id, state: 'sealed' }, { $set });
      }
      if (left.length === 0) return 0;
      await this.hot.forgetRemains(
        tx,
        left.map(({ _id }) => _id),
      );
      await this.hot.changed(tx, lease.conversationId);
      return left.length;
    });
  }
}

/** Groups whole blocks, in the order of their numbers, up to `most` messages, so that adjacent messages are deleted together. */
function portionsOf(sealed: ArchiveSegment[], blocks: ArchiveBlock[], most: number): Portion[] {
  const segments = new Map(sealed.map((segment) => [segment._id.toHexString(), segment]));
  const placed = blocks.map((block) => ({
    block,
    entry: segments.get(block.segment_id.toHexString())!.blocks[block.number]!,
  }));
  placed.sort((a, b) => a.entry.first_seq - b.entry.first_seq);
  const portions: Portion[] = [];
  for (const { block, entry } of placed) {
    const messages = block.ids.map((_id, at): Frozen => ({ _id, __v: block.versions[at]!, block }));
    const last = portions.at(-1);
    if (last && last.messages.length + messages.length <= most) {
      last.messages.push(...messages);
      last.lastSeq = Math.max(last.lastSeq, entry.last_seq);
    } else {
      const { first_seq: firstSeq, last_seq: lastSeq } = entry;
      portions.push({ conversationId: block.conversation_id, firstSeq, lastSeq, messages });
    }
  }
  return portions;
}

interface Staying {
  number: number;
  seq: number;
}

/** By segment: blocks and numbers of the messages that stay hot. */
function stayingOf(portions: Portion[], left: HotMessage[]): Map<string, Staying[]> {
  const seqs = new Map(left.map(({ _id, seq }) => [_id.toHexString(), seq]));
  const frozen = left.length === 0 ? [] : portions.flatMap(({ messages }) => messages);
  const staying = frozen.flatMap(({ _id, block }) => {
    const seq = seqs.get(_id.toHexString());
    return seq === undefined ? [] : [{ segment: block.segment_id.toHexString(), number: block.number, seq }];
  });
  return Map.groupBy(staying, ({ segment }) => segment);
}

function partition<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

function superseding(blocks: BlockEntry[], staying: Staying[]): BlockEntry[] {
  return blocks.map((entry, number) => {
    const own = staying.filter((each) => each.number === number).map(({ seq }) => seq);
    return own.length === 0 ? entry : { ...entry, superseded: [...(entry.superseded ?? []), ...own] };
  });
}
