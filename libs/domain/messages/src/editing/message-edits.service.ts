import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  conflict,
  cutPage,
  forbidden,
  invalid,
  notFound,
  textOrNone,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
} from '#caas/kernel';
import { ConversationChanges, Unchanged } from '#caas/domain/conversations';
import { LegalHolds } from '../cold-reads/legal-holds';
import { MessageAttachments } from '../attachments/message-attachments';
import { archivedPartsOf, requireHot } from '../cold-reads/archived-parts';
import { pageOfRows } from '../cold-reads/rows-page';
import { messageVersions, type MessageVersion } from '../store/message-version.schema';
import {
  editableContentOf,
  editedContent,
  kindFieldsOf,
  textsOf,
  viewOfContent,
  withTexts,
} from '../kinds/message-kinds';
import { NO_KIND_CONTENT, type KindFields } from '../store/kind-contents';
import type { MessageContent } from '../store/message-content';
import { editionOf, type Message } from '../store/message.schema';
import { requestHash } from '../message/request-hash';
import { fileIdsOf, requireContent } from '../message/content';
import { MessagePolicy } from '../message/message-policy';
import { ContentLimits } from '../message/content-limits';
import { Mentions } from '../message/mentions';
import { MessageAccess } from '../message/message-access';
import { MessageChanges } from '../message/message-changes';
import { isOwn, requirePresent } from '../message/message-rights';
import type { EditMessageDto } from './message-actions.dto';

/** The fields that an edit can change. `KindFields` only where the message's kind is editable. */
type Content = Pick<MessageContent, 'text' | 'metadata' | 'encrypted' | 'mentions'> & Partial<KindFields>;

/** Edits by the sender; every earlier version is kept. */
@Injectable()
export class MessageEditsService {
  constructor(
    private readonly access: MessageAccess,
    private readonly limits: ContentLimits,
    private readonly policy: MessagePolicy,
    private readonly mentions: Mentions,
    private readonly conversationChanges: ConversationChanges,
    private readonly changes: MessageChanges,
    private readonly attachments: MessageAttachments,
    private readonly holds: LegalHolds,
  ) {}

  /**
   * Null or a blank text clears a field; an absent field stays as it is.
   * @throws CaasError `message_not_found` (404), `blocked`, `not_your_message`, `edit_window_over`, `message_blocked` (403),
   *   `message_deleted`, `message_forwarded`, `message_archived` (409), `stale_version` (412), `empty_message`,
   *   `attachments_required`, `text_too_long`, `metadata_too_large`, `invalid_poll`, `unknown_mentions`, `invalid_file` (400)
   */
  async edit(
    ctx: RequestContext,
    id: ObjectId,
    wanted: EditMessageDto,
    preconditions: Preconditions,
  ): Promise<Message> {
    const edit = wanted.text === undefined ? wanted : { ...wanted, text: textOrNone(wanted.text) };
    const found = await this.access.writable(ctx, id);
    if (!isOwn(found, ctx.user)) throw forbidden('not_your_message', 'Only the sender can edit a message.');
    requireHot(found);
    await this.limits.requireEditable(ctx, found);
    await this.limits.requireWithin(ctx, edit);
    const said = { ...edit, ...editedContent(found, edit, new Date()) };
    const { texts, flagged } = await this.policy.admit(ctx, textsOf(said));
    const content = withTexts(said, texts);
    const mentions = edit.mentions && (await this.mentions.resolve(ctx, found.conversation_id, edit.mentions));
    const { value: message, rev } = await this.conversationChanges.apply(ctx, found.conversation_id, async (scope) => {
      const { tx } = scope;
      const before = await this.changes.begin(scope, found);
      requirePresent(before);
      preconditions.require(editionOf(before));
      if (before.forwarded_from) throw conflict('message_forwarded', 'A forwarded message stays as it was written.');
      const after = edited(before, { ...content, ...(mentions ? { mentions } : {}) } as Partial<Content>);
      const wanted = edit.attachments && fileIdsOf(edit.attachments);
      const isKept = !wanted || sameFiles(wanted, before);
      if (isKept && sameContent(contentOf(before), after)) return new Unchanged(before);
      requireContent({ type: before.type, ...kindFieldsOf(before), ...after }, (wanted ?? before.attachments).length);
      const isHeld = !isKept && (await this.holds.keep(tx, before));
      await tx.repository(messageVersions).insertOne({
        message_id: before._id,
        replaced_rev: scope.rev,
        ...NO_KIND_CONTENT,
        ...contentOf(before),
        attachments: isHeld ? before.attachments : [],
        kept: false,
        written_at: before.edited_at ?? before.created_at,
      });
      const attachments = isKept
        ? before.attachments
        : await this.attachments.replace(tx, before, isHeld ? [] : fileIdsOf(before.attachments), wanted);
      if (flagged) await this.policy.flag(tx, [before]);
      const edition = editionOf(before) + 1;
      return this.changes.write(scope, before, { ...after, attachments, edited_at: new Date(), edition });
    });
    if (rev !== null) this.changes.tell(ctx, message);
    return message;
  }

  /**
   * The earlier versions, newest first when paged backward. The cursor is the id of a version.
   * @throws CaasError `message_not_found` (404), also for a deleted one, `invalid_cursor` (400)
   */
  async history(ctx: RequestContext, id: ObjectId, request: PageRequest): Promise<Page<MessageVersion>> {
    const message = await this.access.readable(ctx, id);
    if (message.deleted_at) throw notFound('message');
    const archived = archivedPartsOf(message);
    if (archived) {
      const known =
        request.cursor === null || archived.versions.some(({ _id }) => _id.toHexString() === request.cursor);
      if (!known) throw notHandedOut();
      return pageOfRows(archived.versions, request, ({ replaced_rev }) => replaced_rev);
    }
    const versions = ctx.repository(messageVersions);
    const backward = request.direction === 'backward';
    let bound = {};
    if (request.cursor !== null) {
      const last = await versions.findOne({ _id: new ObjectId(request.cursor), message_id: id });
      if (!last) throw notHandedOut();
      bound = { replaced_rev: { [backward ? '$lt' : '$gt']: last.replaced_rev } };
    }
    const rows = await versions.find(
      { message_id: id, ...bound },
      { sort: { replaced_rev: backward ? -1 : 1 }, limit: request.limit + 1 },
    );
    return cutPage(rows, request, ({ _id }) => _id.toHexString());
  }
}

const sameFiles = (wanted: ObjectId[], { attachments }: Message): boolean =>
  wanted.length === attachments.length && wanted.every((id, at) => id.toHexString() === attachments[at]!.file_id);

const notHandedOut = () => invalid('invalid_cursor', 'The cursor is not one that a page of this history handed out.');

const contentOf = (message: Content): Content => ({
  text: message.text,
  metadata: message.metadata,
  encrypted: message.encrypted,
  mentions: message.mentions,
  ...editableContentOf(message),
});

const edited = (before: Content, { text, metadata, encrypted, mentions, ...content }: Partial<Content>): Content => ({
  text: text === undefined ? before.text : text,
  metadata: metadata === undefined ? before.metadata : metadata,
  encrypted: encrypted === undefined ? before.encrypted : encrypted,
  mentions: mentions ?? before.mentions,
  ...editableContentOf({ ...before, ...content }),
});

/** Ignores the names of mentioned users: they may have changed since, which is no edit. */
function sameContent(before: Content, after: Content): boolean {
  const [a, b] = [before, after].map(({ mentions, ...content }) =>
    requestHash({
      ...content,
      ...viewOfContent(content),
      mentions: mentions.map(({ user_external_id }) => user_external_id),
    }),
  );
  return a === b;
}
