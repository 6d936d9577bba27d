import { Injectable } from '@nestjs/common';
import { notFound, type RequestContext, type Update } from '#caas/kernel';
import { ConversationChanges, Unchanged, type ChangeScope } from '#caas/domain/conversations';
import { messageArchived, requireHot } from '../cold-reads/archived-parts';
import { ArchivedMessageState } from '../cold-reads/archived-message-state';
import { conversations, type LastMessage } from '#caas/domain/conversations';
import { messages, shownRevOf, type Message } from '../store/message.schema';
import { SearchDirtySet } from '../search-index/search-dirty-set';
import { viewOfMessage } from './views';
import { MessageNotifier } from './message-notifier';
import { previewOf } from './preview';

export interface MessageChangeScope extends ChangeScope {
  /** As the changes before this one left it. */
  message: Message;
}

export type ChangedFields = NonNullable<Update<Message>['$set']>;

export interface ChangedMessage {
  /** As it is now. */
  message: Message;
  changed: boolean;
}

/** Changes messages that are stored, each change with the next `rev` of the conversation. */
@Injectable()
export class MessageChanges {
  constructor(
    private readonly changes: ConversationChanges,
    private readonly notifier: MessageNotifier,
    private readonly search: SearchDirtySet,
    private readonly marks: ArchivedMessageState,
  ) {}

  /**
   * Asks `work` what to set on the message; null for nothing. What belongs to the change is written through `tx`; the preview
   * of the conversation follows by itself. Tells nobody.
   * @throws CaasError `message_not_found` (404), `message_archived` (409), and whatever `work` throws
   */
  async apply(
    ctx: RequestContext,
    found: Message,
    work: (scope: MessageChangeScope) => Promise<ChangedFields | null>,
  ): Promise<ChangedMessage> {
    requireHot(found);
    const { _id, conversation_id } = found;
    const { value, rev } = await this.changes.apply(ctx, conversation_id, async (scope) => {
      const message = await scope.tx.repository(messages).findById(_id, { withDeleted: true });
      // It may have been archived just now.
      if (!message) throw (await this.marks.archived(scope.tx, _id)) ? messageArchived() : notFound('message');
      const fields = await work({ ...scope, message });
      if (!fields) return new Unchanged(message);
      const changed = await changeMessage(scope.tx, message, { ...fields, rev: scope.rev });
      await followInPreview(scope, changed, fields);
      return changed;
    });
    return { message: value, changed: rev !== null };
  }

  /** The same, and everybody who can read it hears of it as `message.updated` or, of a tombstone, `message.deleted`. */
  async applyAndTell(...[ctx, message, work]: Parameters<MessageChanges['apply']>): Promise<ChangedMessage> {
    const answer = await this.apply(ctx, message, work);
    if (answer.changed) this.tell(ctx, answer.message);
    return answer;
  }

  /**
   * Pins, also what is in cold storage, and tells everybody.
   * @param pinnedAt asked under the lock of the conversation; undefined for no change
   * @throws CaasError `message_not_found` (404), and whatever `pinnedAt` throws
   */
  async applyPin(
    ctx: RequestContext,
    { _id, conversation_id }: Message,
    pinnedAt: (message: Message) => Date | null | undefined,
  ): Promise<Message> {
    const { value: message, rev } = await this.changes.apply(ctx, conversation_id, async ({ tx, rev }) => {
      const hot = await tx.repository(messages).findById(_id, { withDeleted: true });
      const message = hot ?? (await this.marks.archived(tx, _id));
      if (!message) throw notFound('message');
      const pinned_at = pinnedAt(message);
      if (pinned_at === undefined) return new Unchanged(message);
      return hot ? changeMessage(tx, hot, { pinned_at, rev }) : this.marks.change(tx, message, { pinned_at }, rev);
    });
    if (rev !== null) this.tell(ctx, message);
    return message;
  }

  tell(ctx: RequestContext, message: Message): void {
    const { seq, rev } = message;
    const type = message.deleted_at ? 'message.deleted' : 'message.updated';
    const baseRev = message.base_rev ? { baseRev: message.base_rev } : {};
    this.notifier.tell(ctx, message, { type, seq, rev, ...baseRev, data: viewOfMessage(message) });
    this.search.mark(ctx, message.conversation_id);
  }
}

/** @returns the message as it then is */
export async function changeMessage(tx: RequestContext, before: Message, fields: ChangedFields): Promise<Message> {
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
