import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import type { ArchivedMessage } from '#caas/domain/messages';
import { BlockCache } from './block-cache';
import { isSuperseded, type BlockRef } from './manifest';
import { messageIn } from './segment-objects';

/** Reads single messages from blocks, decoding only the requested lines. */
@Injectable()
export class BlockReader {
  constructor(private readonly cache: BlockCache) {}

  /** In the order of `seq`. @throws ArchiveDamaged, ArchiveChangedError */
  async read(
    ctx: RequestContext,
    { segment, number, entry }: BlockRef,
    isWanted: (seq: number, id: string) => boolean,
  ): Promise<ArchivedMessage[]> {
    const { lines, seqs, ids } = await this.cache.get(ctx, segment, number);
    return lines.flatMap((line, at) => {
      const seq = seqs[at]!;
      return isWanted(seq, ids[at]!) && !isSuperseded(entry, seq) ? [messageIn(ctx, segment, line)] : [];
    });
  }

  /** The numbers in a block, without superseded copies. */
  async seqs(ctx: RequestContext, { segment, number, entry }: BlockRef): Promise<number[]> {
    const { seqs } = await this.cache.get(ctx, segment, number);
    return seqs.filter((seq) => !isSuperseded(entry, seq));
  }
}
