import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { conflict, forbidden, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { Realtime } from '#caas/platform/realtime';
import { ConversationAccess, ConversationChanges, Unchanged } from '#caas/domain/conversations';
import { archivedPartsOf, requireHot } from '../cold-reads/archived-parts';
import { pageOfRows } from '../cold-reads/rows-page';
import { recounted } from '../kinds/poll-kind';
import { MessageAccess } from '../message/message-access';
import { MessageChanges } from '../message/message-changes';
import { canModerate, requirePresent } from '../message/message-rights';
import type { Message } from '../store/message.schema';
import { pollVotes, type PollVote } from '../store/poll-vote.schema';
import { chosenOf, isClosed, requirePoll } from './poll';

/**
 * Votes in polls. The transaction of a vote also changes the message's counts, and clients receive it as a change of the message.
 * Nothing runs when a poll's time ends: the poll only refuses votes from then on.
 */
@Injectable()
export class PollsService {
  constructor(
    private readonly access: MessageAccess,
    private readonly conversations: ConversationAccess,
    private readonly conversationChanges: ConversationChanges,
    private readonly changes: MessageChanges,
    private readonly realtime: Realtime,
  ) {}

  /**
   * Replaces the actor's earlier vote. No options withdraw it.
   * @throws CaasError `unknown_option`, `single_choice` (400), `blocked` (403, not when a vote is withdrawn), `message_not_found`
   *   (404), `message_deleted`, `not_a_poll`, `poll_closed`, `message_archived` (409)
   */
  async vote(ctx: RequestContext, id: ObjectId, optionIds: string[]): Promise<Message> {
    const found = await (optionIds.length > 0 ? this.access.writable(ctx, id) : this.access.readable(ctx, id));
    requireHot(found);
    const { value, rev } = await this.conversationChanges.apply(ctx, found.conversation_id, async (scope) => {
      const before = await this.changes.begin(scope, found);
      requirePresent(before);
      const poll = requirePoll(before);
      if (isClosed(poll, new Date())) throw conflict('poll_closed', 'This poll takes no more votes.');
      const chosen = chosenOf(poll, optionIds);
      const replaced = await replaceVote(scope.tx, ownVote(ctx, id), chosen);
      if (!replaced) return new Unchanged({ message: before, chosen });
      const message = await this.changes.write(scope, before, { poll: recounted(poll, replaced, chosen) });
      return { message, chosen };
    });
    const { message, chosen } = value;
    if (rev === null) return message;
    this.changes.tell(ctx, message);
    this.tellDevices(ctx, message, chosen);
    return message;
  }

  /**
   * Closes the poll for good. Closing it again changes nothing.
   * @throws CaasError `not_your_message`, `blocked` (403), `message_not_found` (404), `message_deleted`, `not_a_poll`,
   *   `message_archived` (409)
   */
  async close(ctx: RequestContext, id: ObjectId): Promise<Message> {
    const { message: found, conversation, member } = await this.access.withEntry(ctx, id);
    if (!canModerate(found, ctx.user, member.role, conversation.type === 'direct')) {
      throw forbidden('not_your_message', 'Only who asked, or who moderates the group, can close a poll.');
    }
    await this.conversations.requireUnblocked(ctx, conversation);
    requireHot(found);
    const { value: message, rev } = await this.conversationChanges.apply(ctx, conversation._id, async (scope) => {
      const before = await this.changes.begin(scope, found);
      requirePresent(before);
      const poll = requirePoll(before);
      const now = new Date();
      if (isClosed(poll, now)) return new Unchanged(before);
      return this.changes.write(scope, before, { poll: { ...poll, closed_at: now } });
    });
    if (rev !== null) this.changes.tell(ctx, message);
    return message;
  }

  /**
   * The votes for one option, or all votes, newest first when paged backward.
   * @throws CaasError `unknown_option` (400), `anonymous_poll` (403), `message_not_found` (404), `message_deleted`, `not_a_poll`
   *   (409)
   */
  async votes(
    ctx: RequestContext,
    id: ObjectId,
    optionId: string | null,
    request: PageRequest,
  ): Promise<Page<PollVote>> {
    const message = await this.access.readable(ctx, id);
    requirePresent(message);
    const poll = requirePoll(message);
    if (poll.anonymous) throw forbidden('anonymous_poll', 'Nobody learns who voted in this poll.');
    const option = optionId === null ? null : chosenOf(poll, [optionId])[0]!;
    const archived = archivedPartsOf(message);
    if (archived) return pageOfRows((archived.rows as PollVote[]).filter(votesFor(option)), request);
    const only = option === null ? {} : { option_ids: option };
    return ctx.repository(pollVotes).page({ message_id: id, ...only }, request);
  }

  /** A vote is the voter's own: their other devices receive a separate event, which has no rev of a change. */
  private tellDevices(ctx: RequestContext, { _id, conversation_id, rev }: Message, option_ids: string[]): void {
    const userId = ctx.user.user_id.toHexString();
    const conversationId = conversation_id.toHexString();
    const data = { message_id: _id.toHexString(), rev, option_ids };
    this.realtime.publish(ctx, { userId }, { type: 'poll.voted', conversationId, data });
  }
}

const votesFor =
  (option: string | null) =>
  ({ option_ids }: PollVote): boolean =>
    option === null || option_ids.includes(option);

type OwnVote = ReturnType<typeof ownVote>;

const ownVote = ({ user }: RequestContext, message_id: ObjectId) => ({ message_id, 'user.user_id': user.user_id });

/** Call it under the lock of the conversation's row. @returns the options before; null when they are the same */
async function replaceVote(tx: RequestContext, own: OwnVote, option_ids: string[]): Promise<string[] | null> {
  const votes = tx.repository(pollVotes);
  const before = (await votes.findOne(own))?.option_ids ?? [];
  if (before.join() === option_ids.join()) return null;
  if (option_ids.length === 0) await votes.deleteOne(own);
  else if (before.length > 0) await votes.updateOne(own, { $set: { option_ids } });
  else await votes.insertOne({ message_id: own.message_id, user: tx.user, option_ids });
  return before;
}
