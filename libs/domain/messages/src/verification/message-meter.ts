import { Injectable } from '@nestjs/common';
import { monthOf, type UsageMeter } from '#caas/domain/usage';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { MessageArchive, type GoneSeqs } from '../cold-reads/message-archive';
import { ConversationFolds } from '#caas/domain/conversations';
import { MessageReader } from '../cold-reads/message-reader';
import { conversations, type Conversation } from '#caas/domain/conversations';
import { messages } from '../store/message.schema';

const MESSAGES_AT_ONCE = 500;
const ATTEMPTS = 4;

type Row = Pick<Conversation, '_id' | 'last_seq' | 'sent' | 'archive_version'>;
type ByMonth = Map<string, number>;

/** Counts messages by the month in which they were sent, whatever happened to them since. */
@Injectable()
export class MessageMeter implements UsageMeter {
  readonly quota = 'messages';
  readonly inTransaction = false;

  constructor(
    private readonly reader: MessageReader,
    private readonly cold: MessageArchive,
    private readonly folds: ConversationFolds,
  ) {}

  /** The counts that the conversations keep. */
  async kept(ctx: RequestContext): Promise<ByMonth> {
    await this.folds.settleTenant(ctx);
    const rows = await ctx
      .repository(conversations)
      .aggregate<{ _id: string; count: number }>(
        [
          { $project: { sent: { $objectToArray: { $ifNull: ['$sent', {}] } } } },
          { $unwind: '$sent' },
          { $group: { _id: '$sent.k', count: { $sum: '$sent.v' } } },
        ],
        { withDeleted: true },
      );
    return new Map(rows.map(({ _id, count }) => [_id, count]));
  }

  async total(ctx: RequestContext, month: string): Promise<number> {
    // A transaction may hold a row that the fold would wait for.
    if (!ctx.connection.inTransaction) await this.folds.settleTenant(ctx);
    const sum = { $group: { _id: null, count: { $sum: `$sent.${month}` } } };
    const [row] = await ctx.repository(conversations).aggregate<{ count: number }>([sum], { withDeleted: true });
    return row?.count ?? 0;
  }

  /** Counts hot, archived and expired messages, tombstones, and the messages of deleted conversations. */
  async counted(ctx: RequestContext): Promise<ByMonth> {
    const sum: ByMonth = new Map();
    for await (const { _id } of this.all(ctx)) {
      for (const [month, count] of await this.ofConversation(ctx, _id)) add(sum, month, count);
    }
    return sum;
  }

  /** Writes the counts into each conversation. False when some conversations were written to during each attempt. */
  async correct(ctx: RequestContext): Promise<boolean> {
    let isDone = true;
    for await (const { _id } of this.all(ctx)) if (!(await this.correctOne(ctx, _id))) isDone = false;
    return isDone;
  }

  private async correctOne(ctx: RequestContext, id: ObjectId): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await this.folds.fold(ctx, id);
      const before = await this.rowOf(ctx, id);
      if (!before) return true;
      const sent = Object.fromEntries(await this.ofConversation(ctx, id));
      // Only if nothing was folded or archived since the row was read.
      const still = { _id: id, last_seq: before.last_seq, archive_version: before.archive_version ?? null };
      const rows = ctx.repository(conversations);
      if ((await rows.updateOne(still, { $set: { sent } }, { withDeleted: true })).matched > 0) return true;
    }
    return false;
  }

  private all(ctx: RequestContext): AsyncIterable<Pick<Conversation, '_id'>> {
    return ctx.repository(conversations).stream({}, { fields: ['_id'], sort: { _id: 1 }, withDeleted: true });
  }

  /** Counts again when messages were archived in the meantime. */
  private async ofConversation(ctx: RequestContext, id: ObjectId): Promise<ByMonth> {
    for (let attempt = 1; ; attempt += 1) {
      const before = await this.rowOf(ctx, id);
      if (!before) return new Map();
      const counts = hasArchive(before) ? await this.everywhere(ctx, before) : await this.hot(ctx, before);
      const after = await this.rowOf(ctx, id);
      if (attempt === ATTEMPTS || after?.archive_version === before.archive_version) return counts;
    }
  }

  private rowOf(ctx: RequestContext, _id: ObjectId): Promise<Row | null> {
    const fields: (keyof Row)[] = ['last_seq', 'sent', 'archive_version'];
    return ctx.repository(conversations).findOne({ _id }, { fields, withDeleted: true });
  }

  /** Counts up to the folded `seq`. The messages above it are counted when they are folded. */
  private async hot(ctx: RequestContext, { _id: conversation_id, last_seq }: Row): Promise<ByMonth> {
    const month = { $dateToString: { date: '$created_at', format: '%Y-%m' } };
    const rows = await ctx.repository(messages).aggregate<{
      _id: string;
      count: number;
    }>([{ $match: { conversation_id, seq: { $lte: last_seq } } }, { $group: { _id: month, count: { $sum: 1 } } }], { withDeleted: true });
    return new Map(rows.map(({ _id, count }) => [_id, count]));
  }

  private async everywhere(ctx: RequestContext, { _id, last_seq, archive_version }: Row): Promise<ByMonth> {
    const counts: ByMonth = new Map();
    const { gone } = await this.cold.open(ctx, _id, archive_version!);
    let next = 1;
    for (;;) {
      const span = { from: next, to: last_seq, direction: 'forward', limit: MESSAGES_AT_ONCE } as const;
      const some = await this.reader.span(ctx, _id, span);
      for (const { seq, created_at } of some) {
        addGone(counts, gone, next, seq);
        add(counts, monthOf(created_at), 1);
        next = seq + 1;
      }
      if (some.length < MESSAGES_AT_ONCE) break;
    }
    addGone(counts, gone, next, last_seq + 1);
    return counts;
  }
}

const hasArchive = ({ archive_version }: Row): boolean => (archive_version ?? null) !== null;

/** Adds the expired messages from `from` up to, but without, `before`. */
function addGone(counts: ByMonth, gone: readonly GoneSeqs[], from: number, before: number): void {
  for (let seq = from; seq < before; seq += 1) {
    const of = gone.find(({ first_seq, last_seq }) => first_seq <= seq && seq <= last_seq);
    if (of) add(counts, of.month, 1);
  }
}

function add(counts: ByMonth, month: string, count: number): void {
  counts.set(month, (counts.get(month) ?? 0) + count);
}
