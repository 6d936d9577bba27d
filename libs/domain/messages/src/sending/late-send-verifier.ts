import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { DuplicateKeyError, type RequestContext } from '#caas/kernel';
import { MessageArchive, ArchiveChangedError } from '../cold-reads/message-archive';
import { MessageChanges } from '../message/message-changes';
import { tombstoneOf } from '../message/tombstone';
import { ConversationChanges, conversations, type Conversation } from '#caas/domain/conversations';
import { editionOf, messages, type Message } from '../store/message.schema';
import { ConversationHeads } from './conversation-heads';
import { SentMessageLookup } from './sent-message-lookup';

/** Archiving during a verification makes it start again. */
const ATTEMPTS = 40;
const PAUSE_MS = 50;

type ArchiveOf = Pick<Conversation, '_id' | 'archive_version' | 'archived_seq'>;

/**
 * Verifies messages whose insert was answered so late that its assumptions may no longer hold. Messages with the same `seq` or the
 * same `client_message_id` may have been archived in the meantime, and the unique indexes do not cover those. Call it before
 * anybody is notified.
 */
@Injectable()
export class LateSendVerifier {
  constructor(
    private readonly cold: MessageArchive,
    private readonly sent: SentMessageLookup,
    private readonly heads: ConversationHeads,
    private readonly conversationChanges: ConversationChanges,
    private readonly changes: MessageChanges,
  ) {}

  /**
   * @param stored messages of one conversation, by `seq`
   * @returns for each, the message as it is now, or the message that was sent before it
   */
  async verified(
    ctx: RequestContext,
    id: ObjectId,
    stored: Message[],
  ): Promise<({ stored: Message } | { found: Message })[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.verify(ctx, id, stored);
      } catch (error) {
        if (!(error instanceof ArchiveChangedError) || attempt === ATTEMPTS) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }

  private async verify(ctx: RequestContext, id: ObjectId, stored: Message[]) {
    this.heads.forget(ctx, id);
    const row = await archiveOf(ctx, id);
    if (!row || (row.archive_version ?? null) === null) return stored.map((message) => ({ stored: message }));
    const verified: ({ stored: Message } | { found: Message })[] = [];
    for (const message of stored) {
      const own = await this.withFreeNumber(ctx, row, message);
      const archived = await this.sent.archivedIds(ctx, [own]);
      if (archived.every((each) => each.equals(own._id))) verified.push({ stored: own });
      else {
        // Withdraw first: reading the earlier message may fail, and then the client sends again.
        await this.withdraw(ctx, own);
        const [before] = await this.sent.findArchived(ctx, [own]);
        if (!before) throw new Error('A message that was sent before is not readable');
        verified.push({ found: before });
      }
    }
    return verified;
  }

  private async withFreeNumber(ctx: RequestContext, row: ArchiveOf, message: Message): Promise<Message> {
    if (!(await this.isTaken(ctx, row, message))) return message;
    for (;;) {
      this.heads.forget(ctx, row._id);
      const head = (await this.heads.of(ctx, [row._id])).get(row._id.toHexString());
      // The conversation was deleted, and its messages with it.
      if (!head) return message;
      const seq = head.seq + 1;
      try {
        await ctx.repository(messages).updateOne({ _id: message._id }, { $set: { seq } }, { withDeleted: true });
        return { ...message, seq };
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
      }
    }
  }

  /**
   * Its `seq` stays used. Its `client_message_id` again belongs to the message that had it first. Clients that have received the
   * withdrawn message see it deleted.
   */
  private async withdraw(ctx: RequestContext, own: Message): Promise<void> {
    const client_message_id = `withdrawn:${own._id.toHexString()}`;
    const { value: message } = await this.conversationChanges.apply(ctx, own.conversation_id, async (scope) => {
      const before = await this.changes.begin(scope, own);
      const edition = editionOf(before) + 1;
      return this.changes.write(scope, before, { ...tombstoneOf(new Date()), client_message_id, edition });
    });
    this.changes.tell(ctx, message);
  }

  private async isTaken(ctx: RequestContext, row: ArchiveOf, { _id, seq }: Message): Promise<boolean> {
    if ((row.archived_seq ?? 0) < seq) return false;
    const cold = await this.cold.open(ctx, row._id, row.archive_version!);
    const [archived] = await cold.span({ from: seq, to: seq, direction: 'forward', limit: 1 });
    if (archived) return !archived.message._id.equals(_id);
    // The message was archived, and its retention has ended.
    return cold.gone.some(({ first_seq, last_seq }) => first_seq <= seq && seq <= last_seq);
  }
}

function archiveOf(ctx: RequestContext, _id: ObjectId): Promise<ArchiveOf | null> {
  const fields: (keyof ArchiveOf)[] = ['archive_version', 'archived_seq'];
  return ctx.repository(conversations).findOne({ _id }, { fields, withDeleted: true });
}
