import { Injectable } from '@nestjs/common';
import { notFound, type RequestContext, type Update } from '#caas/kernel';
import type { ChangeScope } from '#caas/domain/conversations';
import { archivedPartsOf, requireHot } from '../cold-reads/archived-parts';
import { ArchivedMessageState } from '../cold-reads/archived-message-state';
import { conversations, type LastMessage } from '#caas/domain/conversations';
import { messages, shownRevOf, type Message } from '../store/message.schema';
import { SearchDirtySet } from '../search-index/search-dirty-set';
import { viewOfMessage } from './views';
import { MessageNotifier } from './message-notifier';
import { previewOf } from './preview';

export type ChangedFields = NonNullable<Update<Message>['$set']>;

/**
 * The steps of every change of a stored message, inside the transaction of `ConversationChanges.apply`, which gives the change its
 * `rev`: `begin`, then `write`. Call `tell` after the commit.
 */
@Injectable()
export class MessageChanges {
  constructor(
    private readonly notifier: MessageNotifier,
    private readonly search: SearchDirtySet,
    private readonly marks: ArchivedMessageState,
  ) {}

  /**
   * The message as the changes before this one left it.
   * @throws CaasError `message_not_found` (404), `message_archived` (409), also when it was archived just now
   */
  async begin(scope: ChangeScope, found: Message): Promise<Message> {
    const message = await this.beginPin(scope, found);
    requireHot(message);
    return message;
  }

  /** Accepts an archived message too, because it can be pinned. @throws CaasError `message_not_found` (404) */
  async beginPin({ tx }: ChangeScope, { _id }: Message): Promise<Message> {
    const hot = await tx.repository(messages).findById(_id, { withDeleted: true });
    const message = hot ?? (await this.marks.archived(tx, _id));
    if (!message) throw notFound('message');
    return message;
  }

  /** Sets fields of a message that `begin` returned, and updates the conversation's preview. @returns the changed message */
  async write(scope: ChangeScope, before: Message, fields: ChangedFields): Promise<Message> {
    const changed = await changeMessage(scope.tx, before, { ...fields, rev: scope.rev });
    await followInPreview(scope, changed, fields);
    return changed;
  }

  /** Like `write`, for a message that `beginPin` returned. */
  writePin({ tx, rev }: ChangeScope, before: Message, pinned_at: Date | null): Promise<Message> {
    if (archivedPartsOf(before)) return this.marks.change(tx, before, { pinned_at }, rev);
    return changeMessage(tx, before, { pinned_at, rev });
  }

  /** Publishes `message.updated`, or `message.deleted` for a tombstone, to everybody who can read the message. */
  tell(ctx: RequestContext, message: Message): void {
    const { seq, rev } = message;
    const type = message.deleted_at ? 'message.deleted' : 'message.updated';
    const baseRev = message.base_rev ? { baseRev: message.base_rev } : {};
    this.notifier.tell(ctx, message, { type, seq, rev, ...baseRev, data: viewOfMessage(message) });
    this.search.mark(ctx, message.conversation_id);
  }
}

async function changeMessage(tx: RequestContext, before: Message, fields: ChangedFields): Promise<Message> {
  const { _id } = before;
  const $set = { ...fields, base_rev: shownRevOf(before) };
  const changed = await tx
    .repository(messages)
    .findOneAndUpdate({ _id }, { $set }, { withDeleted: true, returning: 'after' });
  if (!changed) throw notFound('message');
  return changed;
}

/** The conversation's row has a preview of its newest message. */
async function followInPreview({ tx, conversation }: ChangeScope, message: Message, fields: ChangedFields) {
  if (!conversation.last_message?.id.equals(message._id)) return;
  const preview: Partial<LastMessage> = {};
  if ('text' in fields) preview.text = previewOf(message);
  if (message.deleted_at) preview.deleted_at = message.deleted_at;
  const $set = Object.fromEntries(Object.entries(preview).map(([name, value]) => [`last_message.${name}`, value]));
  if (Object.keys($set).length > 0) await tx.repository(conversations).updateOne({ _id: conversation._id }, { $set });
}
