import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  counted,
  countsByEmoji,
  invalid,
  keyOfEmoji,
  parseEmoji,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
} from '#caas/kernel';
import { ConversationChanges, Unchanged } from '#caas/domain/conversations';
import { archivedPartsOf, requireHot } from '../cold-reads/archived-parts';
import { pageOfRows } from '../cold-reads/rows-page';
import { MessageAccess } from '../message/message-access';
import { MessageChanges } from '../message/message-changes';
import { MessageNotifier } from '../message/message-notifier';
import { requirePresent } from '../message/message-rights';
import type { Message } from '../store/message.schema';
import { reactions, type Reaction } from '../store/reaction.schema';
import { viewOfReference } from '#caas/domain/users';

const MAX_EMOJIS = 50;

/** Reactions to messages. The transaction of a reaction also changes the message's counts. */
@Injectable()
export class ReactionsService {
  constructor(
    private readonly access: MessageAccess,
    private readonly conversationChanges: ConversationChanges,
    private readonly changes: MessageChanges,
    private readonly notifier: MessageNotifier,
  ) {}

  /**
   * `added` is false when the actor had added this emoji before.
   * @throws CaasError `invalid_emoji`, `too_many_reactions` (400), `message_not_found` (404), `blocked` (403), `message_deleted`,
   *   `message_archived` (409), `stale_version`, `already_exists` (412)
   */
  async add(
    ctx: RequestContext,
    id: ObjectId,
    emoji: string,
    preconditions: Preconditions,
  ): Promise<{ message: Message; added: boolean }> {
    parseEmoji(emoji);
    const found = await this.access.writable(ctx, id);
    requireHot(found);
    const { value: message, rev } = await this.conversationChanges.apply(ctx, found.conversation_id, async (scope) => {
      const before = await this.changes.begin(scope, found);
      requirePresent(before);
      const rows = scope.tx.repository(reactions);
      const known = await rows.findOne(ownReaction(ctx, id, emoji), { fields: ['_id'] });
      preconditions.requireUnversioned(known !== null);
      if (known) return new Unchanged(before);
      const { reaction_counts } = before;
      if (!Object.hasOwn(reaction_counts, keyOfEmoji(emoji)) && Object.keys(reaction_counts).length >= MAX_EMOJIS) {
        throw invalid('too_many_reactions', `A message has no more than ${MAX_EMOJIS} different reactions.`, [
          { field: 'emoji', message: `must be one of the ${MAX_EMOJIS} that are there` },
        ]);
      }
      await rows.insertOne({ message_id: id, user: ctx.user, emoji });
      return this.changes.write(scope, before, { reaction_counts: counted(reaction_counts, emoji, 1) });
    });
    const added = rev !== null;
    if (added) this.tell(ctx, 'reaction.added', message, emoji);
    return { message, added };
  }

  /** @throws CaasError `invalid_emoji` (400), `message_not_found` (404), `message_archived` (409) */
  async remove(ctx: RequestContext, id: ObjectId, emoji: string): Promise<Message> {
    parseEmoji(emoji);
    const found = await this.access.readable(ctx, id);
    requireHot(found);
    const { value: message, rev } = await this.conversationChanges.apply(ctx, found.conversation_id, async (scope) => {
      const before = await this.changes.begin(scope, found);
      const removed = await scope.tx.repository(reactions).deleteOne(ownReaction(ctx, id, emoji));
      if (removed === 0) return new Unchanged(before);
      return this.changes.write(scope, before, { reaction_counts: counted(before.reaction_counts, emoji, -1) });
    });
    if (rev !== null) this.tell(ctx, 'reaction.removed', message, emoji);
    return message;
  }

  /**
   * The reactions with one emoji, or all reactions, newest first when paged backward.
   * @throws CaasError `invalid_emoji` (400), `message_not_found` (404)
   */
  async list(ctx: RequestContext, id: ObjectId, emoji: string | null, request: PageRequest): Promise<Page<Reaction>> {
    const only = emoji === null ? {} : { emoji: parseEmoji(emoji) };
    const archived = archivedPartsOf(await this.access.readable(ctx, id));
    if (archived)
      return pageOfRows(
        archived.reactions.filter((each) => emoji === null || each.emoji === emoji),
        request,
      );
    return ctx.repository(reactions).page({ message_id: id, ...only }, request);
  }

  private tell(ctx: RequestContext, type: 'reaction.added' | 'reaction.removed', message: Message, emoji: string) {
    const data = {
      message_id: message._id.toHexString(),
      base_rev: message.base_rev ?? 0,
      emoji,
      user: viewOfReference(ctx.user),
      reaction_counts: countsByEmoji(message.reaction_counts),
    };
    this.notifier.tell(ctx, message, { type, seq: message.seq, rev: message.rev, data });
  }
}

const ownReaction = ({ user }: RequestContext, message_id: ObjectId, emoji: string) => ({
  message_id,
  'user.user_id': user.user_id,
  emoji,
});
