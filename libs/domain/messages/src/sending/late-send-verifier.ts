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

/** What is archived meanwhile makes it look again. */
const ATTEMPTS = 40;
const PAUSE_MS = 50;

type ArchiveOf = Pick<Conversation, '_id' | 'archive_version' | 'archived_seq'>;

/**
 * Messages whose insert was answered so late that what it rested on may not hold any more: others of their number, or of their name,
 * may have been archived meanwhile, which the unique indexes do not know. Ask before anybody is told of them.
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

  /** @param stored of one conversation, in the order of `seq` @returns for each, what it is now, or what was there before it */
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
        // First of all: to read the other may fail, and then its client asks again.
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
      // The conversation has ended, and its messages with it.
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
   * Its number stays used. Its name is given back to the message that had it first. Whoever has read it meanwhile hears that it was
   * deleted.
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
    // It was there, and its time is over.
    return cold.gone.some(({ first_seq, last_seq }) => first_seq <= seq && seq <= last_seq);
  }
}

function archiveOf(ctx: RequestContext, _id: ObjectId): Promise<ArchiveOf | null> {
  const fields: (keyof ArchiveOf)[] = ['archive_version', 'archived_seq'];
  return ctx.repository(conversations).findOne({ _id }, { fields, withDeleted: true });
}
