import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import { Realtime } from '#caas/platform/realtime';
import { members, newMember } from '../store/member.schema';
import { conversations, type Conversation, type ConversationType, type History } from '../store/conversation.schema';
import { viewOfConversation } from './views';
import type { ConversationMembership } from '../store/conversation-memberships';

export interface Opening {
  type: ConversationType;
  /** Only of a direct conversation. */
  pair_key?: string;
  group_id?: ObjectId;
  name?: string;
  metadata?: Record<string, unknown>;
  history?: History;
}

/** Writes new conversations with their members, and notifies the members. */
@Injectable()
export class ConversationCreator {
  constructor(private readonly realtime: Realtime) {}

  /**
   * Runs in the transaction of `ctx`, or in one of its own. Members are notified after the commit.
   * @param everyone the members, the actor first: the actor owns a conversation that is not direct
   * @throws DuplicateKeyError when the id is taken, or the pair has a conversation
   */
  open(ctx: RequestContext, id: ObjectId, everyone: UserReference[], wanted: Opening): Promise<ConversationMembership> {
    const isDirect = wanted.type === 'direct';
    return ctx.transaction(async (tx) => {
      const conversation = await tx.repository(conversations).insertOne({
        _id: id,
        type: wanted.type,
        pair_key: wanted.pair_key ?? null,
        name: isDirect ? null : (wanted.name ?? null),
        group_id: wanted.group_id ?? null,
        metadata: wanted.metadata ?? {},
        history: isDirect ? 'all' : (wanted.history ?? 'all'),
        settings_version: 0,
        created_by_id: tx.user.user_id,
        people: isDirect ? everyone : [tx.user],
        member_count: everyone.length,
        last_seq: 0,
        sent: {},
        rev: 0,
        sent_seqs: {},
        last_message: null,
        last_activity_at: new Date(),
        archive_version: null,
        archived_seq: null,
        resync_rev: null,
      });
      const first = everyone.map((user, at) =>
        newMember(id, user, !isDirect && at === 0 ? 'owner' : 'member', conversation),
      );
      const rows = await tx.repository(members).insertMany(first);
      tx.afterCommit(() => this.announce(ctx, conversation, everyone));
      return { conversation, member: rows[0]! };
    });
  }

  /** Sockets of every member, on every process, join the room before they receive the event of the conversation. */
  announce(ctx: RequestContext, conversation: Conversation, everyone: UserReference[]): void {
    const conversationId = conversation._id.toHexString();
    const userIds = everyone.map(({ user_id }) => user_id.toHexString());
    const { last_seq: seq, rev } = conversation;
    this.realtime.join(ctx, userIds, conversationId, { seq, rev });
    for (const userId of userIds) {
      const data = viewOfConversation(conversation);
      this.realtime.publish(ctx, { userId }, { type: 'conversation.created', conversationId, data });
    }
  }
}
