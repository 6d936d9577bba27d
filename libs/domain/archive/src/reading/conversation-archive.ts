import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import type { ArchivedMessage, SeqSpan } from '#caas/domain/messages';
import { archiveBlocks, HAS_THREADS } from '../persistence/archive-block.schema';
import type { BlockReader } from './block-reader';
import { isSuperseded, type BlockRef, type Manifest } from './manifest';

/** One conversation's messages in cold storage, found through its manifest. Reads only the blocks that an answer needs. */
export class ConversationArchive {
  constructor(
    private readonly ctx: RequestContext,
    private readonly conversationId: ObjectId,
    private readonly manifest: Manifest,
    private readonly reader: BlockReader,
  ) {}

  async span(span: SeqSpan, threadRootId?: ObjectId): Promise<ArchivedMessage[]> {
    const wanted = threadRootId ? await this.ofThread(span, threadRootId) : await this.ofAll(span);
    const bySeq = new Map<number, ArchivedMessage>();
    for (const { ref, seqs } of wanted) {
      for (const archived of await this.reader.read(this.ctx, ref, (seq) => seqs.has(seq))) {
        const known = bySeq.get(archived.message.seq);
        if (!known || known.message.__v < archived.message.__v) bySeq.set(archived.message.seq, archived);
      }
    }
    const sign = span.direction === 'backward' ? -1 : 1;
    return [...bySeq.values()].sort((a, b) => sign * (a.message.seq - b.message.seq)).slice(0, span.limit);
  }

  /** The lowest revs first. Reads only blocks that may contain a matching rev. */
  async changedAfter(afterRev: number, fromSeq: number, upToSeq: number, limit: number): Promise<ArchivedMessage[]> {
    const blocks = this.manifest.blocks
      .filter(({ entry }) => entry.max_rev > afterRev && entry.last_seq >= fromSeq && entry.first_seq <= upToSeq)
      .sort((a, b) => a.entry.min_rev - b.entry.min_rev);
    let found: ArchivedMessage[] = [];
    for (const [at, ref] of blocks.entries()) {
      const read = await this.reader.read(this.ctx, ref, (seq) => seq >= fromSeq && seq <= upToSeq);
      found = [...found, ...read.filter(({ message }) => message.rev > afterRev)];
      found.sort((a, b) => a.message.rev - b.message.rev);
      const next = blocks[at + 1];
      if (found.length >= limit && (!next || found[limit - 1]!.message.rev < next.entry.min_rev)) break;
    }
    return found.slice(0, limit);
  }

  /** The nearest numbers of the span, and their blocks. Reads only blocks that may contain one. */
  private async ofAll({ from, to, direction, limit }: SeqSpan): Promise<Wanted[]> {
    const backward = direction === 'backward';
    const blocks = this.manifest.blocks
      .filter(({ entry }) => entry.first_seq <= to && entry.last_seq >= from)
      .sort((a, b) => (backward ? b.entry.last_seq - a.entry.last_seq : a.entry.first_seq - b.entry.first_seq));
    const wanted: Wanted[] = [];
    const nearest = new Set<number>();
    for (const [at, ref] of blocks.entries()) {
      const seqs = (await this.reader.seqs(this.ctx, ref)).filter((seq) => seq >= from && seq <= to);
      wanted.push({ ref, seqs: new Set(seqs) });
      for (const seq of seqs) nearest.add(seq);
      const next = blocks[at + 1]?.entry;
      const isBeyond = (seq: number) => !next || (backward ? seq > next.last_seq : seq < next.first_seq);
      if ([...nearest].filter(isBeyond).length >= limit) break;
    }
    return nearestOf(wanted, nearest, { direction, limit });
  }

  private async ofThread({ from, to, direction, limit }: SeqSpan, rootId: ObjectId): Promise<Wanted[]> {
    const rows = await this.ctx
      .repository(archiveBlocks)
      .find(
        { $and: [{ thread_roots: rootId }, HAS_THREADS], conversation_id: this.conversationId },
        { fields: ['segment_id', 'number', 'thread_seqs'] },
      );
    const wanted = rows.flatMap(({ segment_id, number, thread_seqs }): Wanted[] => {
      const ref = this.manifest.block(segment_id, number);
      const own = thread_seqs[rootId.toHexString()] ?? [];
      if (!ref) return [];
      const isWanted = (seq: number) => seq >= from && seq <= to && !isSuperseded(ref.entry, seq);
      return [{ ref, seqs: new Set(own.filter(isWanted)) }];
    });
    return nearestOf(wanted, new Set(wanted.flatMap(({ seqs }) => [...seqs])), { direction, limit });
  }
}

interface Wanted {
  ref: BlockRef;
  seqs: Set<number>;
}

function nearestOf(wanted: Wanted[], all: Set<number>, { direction, limit }: Pick<SeqSpan, 'direction' | 'limit'>) {
  const sign = direction === 'backward' ? -1 : 1;
  const nearest = new Set([...all].sort((a, b) => sign * (a - b)).slice(0, limit));
  return wanted
    .map(({ ref, seqs }) => ({ ref, seqs: new Set([...seqs].filter((seq) => nearest.has(seq))) }))
    .filter(({ seqs }) => seqs.size > 0);
}
