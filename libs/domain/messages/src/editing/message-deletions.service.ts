import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { forbidden, notFound, Preconditions, type RequestContext } from '#caas/kernel';
import { ConversationChanges, Unchanged } from '#caas/domain/conversations';
import { requireHot } from '../cold-reads/archived-parts';
import { MessageReader } from '../cold-reads/message-reader';
import { LegalHolds } from '../cold-reads/legal-holds';
import { MessageAttachments } from '../attachments/message-attachments';
import { deleteRowsOf } from '../kinds/kind-rows';
import { kindFieldsOf } from '../kinds/message-kinds';
import { messageVersions } from '../store/message-version.schema';
import { editionOf, type Message } from '../store/message.schema';
import { reactions } from '../store/reaction.schema';
import { ThreadRoots } from '../threads/thread-roots';
import { MessageAccess } from '../message/message-access';
import { MessageChanges } from '../message/message-changes';
import { canModerate } from '../message/message-rights';
import { tombstoneOf } from '../message/tombstone';

interface Deleted {
  message: Message;
  /** The root of the message's thread, if the thread lost a reply. */
  root: Message | null;
}

/**
 * A deletion leaves a tombstone: other messages keep their `seq`, and the content is erased for good. Where a legal hold applies,
 * the content is kept for operators only.
 */
@Injectable()
export class MessageDeletionsService {
  constructor(
    private readonly access: MessageAccess,
    private readonly reader: MessageReader,
    private readonly conversationChanges: ConversationChanges,
    private readonly changes: MessageChanges,
    private readonly attachments: MessageAttachments,
    private readonly threads: ThreadRoots,
    private readonly holds: LegalHolds,
  ) {}

  /**
   * Returns the tombstone, also when the message was deleted before.
   * @throws CaasError `message_not_found` (404), `not_your_message` (403), `message_archived` (409), `stale_version` (412)
   */
  async delete(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<Message> {
    const { message: found, conversation, member } = await this.access.withEntry(ctx, id);
    if (!canModerate(found, ctx.user, member.role, conversation.type === 'direct')) {
      throw forbidden('not_your_message', 'Only the sender, or who moderates the group, can delete a message.');
    }
    return this.erase(ctx, found, preconditions);
  }

  /**
   * Deletes a message for the tenant's server, which is no member of the conversation.
   * @throws CaasError `server_key_required` (403), `message_not_found` (404), `message_archived` (409)
   */
  async deleteByServer(ctx: RequestContext, id: ObjectId): Promise<Message> {
    ctx.requireServer();
    const found = await this.reader.find(ctx, id);
    if (!found) throw notFound('message');
    return this.erase(ctx, found, Preconditions.NONE);
  }

  private async erase(ctx: RequestContext, found: Message, preconditions: Preconditions): Promise<Message> {
    requireHot(found);
    const { value, rev } = await this.conversationChanges.apply<Deleted>(ctx, found.conversation_id, async (scope) => {
      const { tx } = scope;
      const before = await this.changes.begin(scope, found);
      if (before.deleted_at) return new Unchanged({ message: before, root: null });
      preconditions.require(editionOf(before));
      const { _id, thread_root_id: rootId } = before;
      await tx.repository(reactions).deleteMany({ message_id: _id });
      await deleteRowsOf(tx, [before]);
      if (await this.holds.keep(tx, before)) await keepContent(tx, before, scope.rev);
      else {
        await tx.repository(messageVersions).deleteMany({ message_id: _id });
        if (before.attachments.length > 0) await this.attachments.release(tx, before);
      }
      const root = rootId && (await this.threads.removeReplies(tx, rootId, [before], scope.nextRev));
      const tombstone = { ...tombstoneOf(new Date()), edition: editionOf(before) + 1 };
      return { message: await this.changes.write(scope, before, tombstone), root };
    });
    if (rev !== null) this.changes.tell(ctx, value.message);
    if (value.root) this.changes.tell(ctx, value.root);
    return value.message;
  }
}

/** Keeps the current content and all earlier versions. Users cannot read the history of a tombstone. */
async function keepContent(tx: RequestContext, message: Message, replaced_rev: number): Promise<void> {
  const { _id, text, mentions, metadata, encrypted, attachments, edited_at, created_at } = message;
  const rows = tx.repository(messageVersions);
  await rows.updateMany({ message_id: _id }, { $set: { kept: true } });
  const written_at = edited_at ?? created_at;
  const content = { text, mentions, metadata, encrypted, attachments, ...kindFieldsOf(message) };
  await rows.insertOne({ message_id: _id, replaced_rev, ...content, kept: true, written_at });
}
