import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { HotMessages, type FrozenMessage } from '#caas/domain/messaging';
import { archiveBlocks, type ArchiveBlock } from '../persistence/archive-block.schema';
import { archiveSegments, type ArchiveSegment, type BlockEntry } from '../persistence/archive-segment.schema';
import { ArchiveFaults } from './archive-faults';
import { ArchiveHolds } from './holds';
import { ArchiveLeases, type Lease } from './leases';

/** Deleted by one transaction. */
const MESSAGES_AT_ONCE = 1_000;
const SEGMENTS_AT_ONCE = 64;

interface Frozen extends FrozenMessage {
  block: ArchiveBlock;
  at: number;
}

/**
 * The second half of the protocol: what is sealed leaves the hot collections, unless it changed since it was frozen or is held
 * by now; that stays hot, and its copy in the segment counts no more. Each step may be broken off, and done again.
 */
@Injectable()
export class Pruner {
  constructor(
    private readonly hot: HotMessages,
    private readonly leases: ArchiveLeases,
    private readonly holds: ArchiveHolds,
    private readonly faults: ArchiveFaults,
  ) {}

  /** Everything of the conversation that is sealed. @returns how many messages are gone from hot. @throws LeaseLost */
  async prune(ctx: RequestContext, lease: Lease): Promise<number> {
    let pruned = 0;
    for (;;) {
      const sealed = await ctx
        .repository(archiveSegments)
        .find(
          { conversation_id: lease.conversationId, state: 'sealed' },
          { limit: SEGMENTS_AT_ONCE, sort: { _id: 1 } },
        );
      if (sealed.length === 0) return pruned;
      pruned += await this.pruneSome(ctx, lease, sealed);
    }
  }

  private async pruneSome(ctx: RequestContext, lease: Lease, sealed: ArchiveSegment[]): Promise<number> {
    const among = { $in: sealed.map(({ _id }) => _id) };
    const blocks = await ctx
      .repository(archiveBlocks)
      .find({ segment_id: among }, { sort: { segment_id: 1, number: 1 } });
    const frozen = blocks.flatMap((block) =>
      block.ids.map((_id, at): Frozen => ({ _id, __v: block.versions[at]!, block, at })),
    );
    const free = await this.unheld(ctx, frozen);
    let pruned = 0;
    for (let at = 0; at < free.length; at += MESSAGES_AT_ONCE) {
      const portion = free.slice(at, at + MESSAGES_AT_ONCE);
      const gone = await ctx.transaction(async (tx) => {
        await this.leases.require(tx, lease);
        const count = await this.hot.prune(tx, portion);
        await this.faults.at('pruning');
        return count;
      });
      pruned += gone;
      await this.faults.at('pruned_portion');
    }
    await this.settle(ctx, lease, sealed, frozen);
    return pruned;
  }

  /** A hold that came after the freeze keeps hot what it is about. */
  private async unheld(ctx: RequestContext, frozen: Frozen[]): Promise<Frozen[]> {
    const held = await this.holds.of(ctx);
    if (held.isEmpty || frozen.length === 0) return frozen;
    const kept = new Set<string>();
    for (let at = 0; at < frozen.length; at += MESSAGES_AT_ONCE) {
      const some = frozen.slice(at, at + MESSAGES_AT_ONCE);
      for (const message of await this.hot.named(ctx, some)) {
        if (held.keeps(message)) kept.add(message._id.toHexString());
      }
    }
    return frozen.filter(({ _id }) => !kept.has(_id.toHexString()));
  }

  /** What is hot after all supersedes its copy; then nothing is both hot and cold. */
  private async settle(ctx: RequestContext, lease: Lease, sealed: ArchiveSegment[], frozen: Frozen[]): Promise<void> {
    const left = await this.hot.left(ctx, frozen);
    const leftHex = new Set(left.map(({ _id }) => _id.toHexString()));
    const staying = frozen.filter(({ _id }) => leftHex.has(_id.toHexString()));
    await this.faults.at('superseding');
    const seqs = staying.length === 0 ? new Map<string, number>() : await this.hot.seqs(ctx, staying);
    await ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      const again = await this.hot.left(tx, frozen);
      if (again.length !== left.length) throw new Error('Messages came or went while a segment was being settled.');
      await this.faults.at('checked');
      for (const segment of sealed) {
        const own = staying.filter(({ block }) => block.segment_id.equals(segment._id));
        const fields = own.length === 0 ? {} : { blocks: superseding(segment.blocks, own, seqs) };
        await tx
          .repository(archiveSegments)
          .updateOne({ _id: segment._id, state: 'sealed' }, { $set: { state: 'pruned', ...fields } });
      }
      if (staying.length === 0) return;
      await this.hot.forgetRemains(
        tx,
        staying.map(({ _id }) => _id),
      );
      await this.hot.changed(tx, lease.conversationId);
    });
    await this.faults.at('pruned');
  }
}

function superseding(blocks: BlockEntry[], staying: Frozen[], seqs: Map<string, number>): BlockEntry[] {
  return blocks.map((entry, number) => {
    const own = staying.filter(({ block }) => block.number === number).map(({ _id }) => seqs.get(_id.toHexString())!);
    return own.length === 0 ? entry : { ...entry, superseded: [...(entry.superseded ?? []), ...own] };
  });
}
