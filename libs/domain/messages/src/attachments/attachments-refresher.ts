import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, type RequestContext } from '#caas/kernel';
import {
  AttachmentSnapshots,
  FileOwnersRegistry,
  deletedAttachmentOf,
  FileReferences,
  type FileReference,
} from '#caas/domain/media';
import { ConversationChanges, Unchanged } from '#caas/domain/conversations';
import { MessageReader } from '../cold-reads/message-reader';
import { MessageChanges } from '../message/message-changes';
import { messages, type Message } from '../store/message.schema';
import { requestHash } from '../message/request-hash';
import { MessageAttachments } from './message-attachments';

const AT_ONCE = 200;

/** A message has claimed the file but is not stored yet, so we cannot know which snapshot of the file it will have. */
export class MessageOnItsWay extends Error {
  constructor(id: ObjectId) {
    super(`The message ${id.toHexString()} is not there yet`);
  }
}

/** Refreshes the snapshots of files that messages keep. Safe to run twice and concurrently. */
@Injectable()
export class AttachmentsRefresher {
  constructor(
    private readonly references: FileReferences,
    private readonly snapshots: AttachmentSnapshots,
    private readonly attachments: MessageAttachments,
    private readonly conversationChanges: ConversationChanges,
    private readonly changes: MessageChanges,
    private readonly reader: MessageReader,
    private readonly holders: FileOwnersRegistry,
  ) {}

  /**
   * Returns how many messages changed. For jobs only: it checks no permission.
   * @throws MessageOnItsWay at the end, when a message was not stored yet: try again
   */
  async refresh(ctx: RequestContext, fileId: ObjectId): Promise<number> {
    let refreshed = 0;
    let onItsWay: ObjectId | null = null;
    for (let after: ObjectId | null = null; ;) {
      const some: FileReference[] = await this.references.holdersOf(ctx, fileId, 'message', after, AT_ONCE);
      const stored = new Map((await this.stored(ctx, some)).map((message) => [message._id.toHexString(), message]));
      for (const { holder_id } of some) {
        const message = stored.get(holder_id.toHexString());
        if (message) refreshed += (await this.refreshIn(ctx, message, fileId)) ? 1 : 0;
        else if (!(await this.isElsewhere(ctx, holder_id))) onItsWay = holder_id;
      }
      if (some.length < AT_ONCE) break;
      after = some.at(-1)!.holder_id;
    }
    if (onItsWay) throw new MessageOnItsWay(onItsWay);
    return refreshed;
  }

  private stored(ctx: RequestContext, references: FileReference[]): Promise<Message[]> {
    const _id = { $in: references.map(({ holder_id }) => holder_id) };
    return ctx.repository(messages).find({ _id }, { fields: ['conversation_id'], withDeleted: true });
  }

  /** A scheduled message takes its snapshot when it is sent. An archived message keeps its snapshot. */
  private async isElsewhere(ctx: RequestContext, id: ObjectId): Promise<boolean> {
    if ((await this.reader.find(ctx, id)) !== null) return true;
    return (await this.holders.existing(ctx, 'message', [id])).size > 0;
  }

  private async refreshIn(ctx: RequestContext, found: Message, fileId: ObjectId): Promise<boolean> {
    const file_id = fileId.toHexString();
    try {
      const { value: message, rev } = await this.conversationChanges.apply(
        ctx,
        found.conversation_id,
        async (scope) => {
          const before = await this.changes.begin(scope, found);
          const now = await this.snapshots.ofFile(scope.tx, fileId);
          if (!now) await this.attachments.release(scope.tx, before, [fileId]);
          const attachments = before.attachments.map((attachment) =>
            attachment.file_id === file_id ? (now ?? deletedAttachmentOf(attachment)) : attachment,
          );
          if (requestHash(attachments) === requestHash(before.attachments)) return new Unchanged(before);
          return this.changes.write(scope, before, { attachments });
        },
      );
      if (rev === null) return false;
      this.changes.tell(ctx, message);
      return true;
    } catch (error) {
      if (!(error instanceof CaasError) || error.kind !== 'not_found') throw error;
      // The conversation is gone, so nobody reads the message.
      await ctx.transaction(async (tx) => {
        if (!(await this.snapshots.ofFile(tx, fileId))) await this.attachments.release(tx, found, [fileId]);
      });
      return false;
    }
  }
}
