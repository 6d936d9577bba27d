import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Page, RequestContext } from '#caas/kernel';
import { MessageReader } from '../cold-reads/message-reader';
import { ConversationFolds } from '#caas/domain/conversations';
import { conversations, type Conversation } from '#caas/domain/conversations';
import type { Message } from '../store/message.schema';

/** The numbers of a conversation when a page of it was read. */
export interface PageNumbers {
  seq: number;
  rev: number;
  /** The lowest `seq` that the member can read. Without messages, the `seq` that the first one will have. */
  first_seq: number;
}

export interface MessagePage extends Page<Message> {
  page: Page<Message>['page'] & PageNumbers;
}

type Row = Pick<Conversation, '_id' | 'last_seq' | 'rev' | 'archive_version'>;

/** Reads the numbers that a page carries beside its messages. */
@Injectable()
export class PagePositionReader {
  constructor(
    private readonly reader: MessageReader,
    private readonly folds: ConversationFolds,
  ) {}

  /** Call it before the page is read. A client that has seen a later change then knows that the page may lack it. */
  async read(ctx: RequestContext, id: ObjectId, visibleFrom: number): Promise<PageNumbers> {
    await this.folds.settle(ctx, [id]);
    const fields: (keyof Row)[] = ['last_seq', 'rev', 'archive_version'];
    const row = await ctx.repository(conversations).findOne({ _id: id }, { fields });
    // The conversation was deleted in the meantime.
    if (!row) return { seq: 0, rev: 0, first_seq: visibleFrom };
    const { last_seq: seq, rev } = row;
    return { seq, rev, first_seq: await this.first(ctx, row, visibleFrom) };
  }

  /** A conversation without an archive has lost no messages. */
  private async first(ctx: RequestContext, { _id, archive_version }: Row, from: number): Promise<number> {
    if ((archive_version ?? null) === null) return from;
    const span = { from, to: Infinity, direction: 'forward', limit: 1 } as const;
    const [first] = await this.reader.span(ctx, _id, span);
    return first?.seq ?? from;
  }
}

/** The page may have messages newer than the row, so `seq` is at least the highest of theirs. */
export function withNumbers({ data, page }: Page<Message>, { seq, rev, first_seq }: PageNumbers): MessagePage {
  const newest = Math.max(0, ...data.map((message) => message.seq));
  return { data, page: { ...page, seq: Math.max(seq, newest), rev, first_seq } };
}
