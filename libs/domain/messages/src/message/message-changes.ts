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
 * What every change of a stored message does in the transaction of `ConversationChanges.apply`, which gives it its `rev`: `begin`, then
 * `write`. After the commit, `tell`.
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

  /** Also an archived one: it can be pinned. @throws CaasError `message_not_found` (404) */
  async beginPin({ tx }: ChangeScope, { _id }: Message): Promise<Message> {
    const hot = await tx.repository(messages).findById(_id, { withDeleted: true });
    const message = hot ?? (await this.marks.archived(tx, _id));
    if (!message) throw notFound('message');
    return message;
  }

  /** Sets fields of a message that `begin` answered. The preview of the conversation follows. @returns the message as it then is */
  async write(scope: ChangeScope, before: Message, fields: ChangedFields): Promise<Message> {
    const changed = await changeMessage(scope.tx, before, { ...fields, rev: scope.rev });
    await followInPreview(scope, changed, fields);
    return changed;
  }

  /** The same for a message that `beginPin` answered. */
  writePin({ tx, rev }: ChangeScope, before: Message, pinned_at: Date | null): Promise<Message> {
    if (archivedPartsOf(before)) return this.marks.change(tx, before, { pinned_at }, rev);
    return changeMessage(tx, before, { pinned_at, rev });
  }

  /** Tells everybody who can read it, as `message.updated` or, of a tombstone, `message.deleted`. */
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

/** The newest message is also in its conversation's row. */
async function followInPreview({ tx, conversation }: ChangeScope, message: Message, fields: ChangedFields) {
  if (!conversation.last_message?.id.equals(message._id)) return;
  const preview: Partial<LastMessage> = {};
  if ('text' in fields) preview.text = previewOf(message);
  if (message.deleted_at) preview.deleted_at = message.deleted_at;
  const $set = Object.fromEntries(Object.entries(preview).map(([name, value]) => [`last_message.${name}`, value]));
  if (Object.keys($set).length > 0) await tx.repository(conversations).updateOne({ _id: conversation._id }, { $set });
}
