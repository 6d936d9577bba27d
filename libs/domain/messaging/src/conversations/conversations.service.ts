import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  cutPage,
  DuplicateKeyError,
  forbidden,
  invalid,
  isExternalId,
  type Filter,
  type Page,
  type PageRequest,
  type RequestContext,
  type UserReference,
} from '#caas/kernel';
import { UserDirectory } from '#caas/access';
import { members } from '#caas/domain/groups';
import { Realtime } from '#caas/platform/realtime';
import { conversations, type Conversation, type ConversationType } from '../persistence/conversation.schema';
import { viewOfConversation } from '../views';
import { ConversationAccess, type Entry } from './conversation-access';

const MAX_MEMBERS_AT_ONCE = 500;
const FEED_LIMIT = 10_000;

export interface NewConversation {
  type: ConversationType;
  member_ids: string[];
  name?: string;
  metadata?: Record<string, unknown>;
}

/** Opens conversations and lists them. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly users: UserDirectory,
    private readonly realtime: Realtime,
  ) {}

  /**
   * A direct conversation that exists is answered as it is (`created` is false).
   * @param id the new conversation's; one that the actor has made under it before is answered
   * @throws CaasError `unknown_members`, `invalid_members`, `conversation_type_unsupported` (400), `blocked` (403)
   */
  async create(ctx: RequestContext, id: ObjectId, wanted: NewConversation): Promise<Entry & { created: boolean }> {
    const others = await this.othersOf(ctx, wanted.member_ids);
    if (wanted.type === 'direct') return this.openDirect(ctx, id, others, wanted);
    if (wanted.type === 'group') return this.openGroup(ctx, id, others, wanted);
    throw invalid('conversation_type_unsupported', 'Conversations of this type cannot be opened yet.', [
      { field: 'type', message: 'must be "direct" or "group"' },
    ]);
  }

  /** @throws CaasError `conversation_not_found` (404) */
  get(ctx: RequestContext, id: ObjectId): Promise<Entry> {
    return this.access.requireMember(ctx, id);
  }

  /** The actor's inbox by newest activity. */
  async inbox(ctx: RequestContext, request: PageRequest): Promise<Page<Entry>> {
    const own = await ctx
      .repository(members)
      .find({ 'user.user_id': ctx.user.user_id }, { sort: { _id: -1 }, limit: FEED_LIMIT });
    const byConversation = new Map(own.map((member) => [member.conversation_id.toHexString(), member]));
    const backward = request.direction === 'backward';
    const order = backward ? -1 : 1;
    const rows = await ctx.repository(conversations).find(
      {
        $and: [{ _id: { $in: own.map(({ conversation_id }) => conversation_id) } }, await this.beyond(ctx, request)],
      },
      { sort: { last_activity_at: order, _id: order }, limit: request.limit + 1 },
    );
    const entries = rows.map((conversation) => ({
      conversation,
      member: byConversation.get(conversation._id.toHexString())!,
    }));
    return cutPage(entries, request, ({ conversation }) => conversation._id.toHexString());
  }

  /** Ids of all conversations of the actor, for their sockets. */
  async idsOf(ctx: RequestContext): Promise<string[]> {
    const own = await ctx
      .repository(members)
      .find({ 'user.user_id': ctx.user.user_id }, { fields: ['conversation_id'], limit: FEED_LIMIT });
    return own.map(({ conversation_id }) => conversation_id.toHexString());
  }

  private async beyond(ctx: RequestContext, { cursor, direction }: PageRequest): Promise<Filter<Conversation>> {
    if (cursor === null) return {};
    const entry = await this.access.find(ctx, new ObjectId(cursor));
    if (!entry) throw invalid('invalid_cursor', 'The cursor is not one that a page handed out.');
    const { conversation: last } = entry;
    const operator = direction === 'backward' ? '$lt' : '$gt';
    return {
      $or: [
        { last_activity_at: { [operator]: last.last_activity_at } },
        { last_activity_at: last.last_activity_at, _id: { [operator]: last._id } },
      ],
    };
  }

  private async openDirect(ctx: RequestContext, id: ObjectId, others: UserReference[], wanted: NewConversation) {
    const [other] = others;
    if (!other || others.length !== 1) {
      throw invalid('invalid_members', 'A direct conversation has one other member.', [
        { field: 'member_ids', message: 'must name one user besides you' },
      ]);
    }
    if (await this.access.isBlocked(ctx, other.user_id)) throw forbidden('blocked', 'You cannot write to this user.');
    const pair_key = [ctx.user.user_id.toHexString(), other.user_id.toHexString()].sort().join(':');
    const existing = await this.findPair(ctx, pair_key);
    if (existing) return { ...existing, created: false };
    try {
      return { ...(await this.insert(ctx, id, [ctx.user, other], { ...wanted, pair_key })), created: true };
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const winner = await this.findPair(ctx, pair_key);
      if (!winner) throw error;
      return { ...winner, created: false };
    }
  }

  private async openGroup(ctx: RequestContext, id: ObjectId, others: UserReference[], wanted: NewConversation) {
    const everyone = [ctx.user, ...others];
    try {
      return { ...(await this.insert(ctx, id, everyone, { ...wanted, pair_key: null })), created: true };
    } catch (error) {
      const made = error instanceof DuplicateKeyError ? await this.access.find(ctx, id) : null;
      if (!made) throw error;
      // Whoever made it may have died before anybody was told.
      this.announce(ctx, made.conversation, everyone);
      return { ...made, created: true };
    }
  }

  private async findPair(ctx: RequestContext, pair_key: string): Promise<Entry | null> {
    const conversation = await ctx.repository(conversations).findOne({ pair_key });
    return conversation && this.access.requireMember(ctx, conversation._id);
  }

  private async insert(
    ctx: RequestContext,
    id: ObjectId,
    everyone: UserReference[],
    wanted: NewConversation & { pair_key: string | null },
  ): Promise<Entry> {
    const isDirect = wanted.type === 'direct';
    const entry = await ctx.transaction(async (tx) => {
      const conversation = await tx.repository(conversations).insertOne({
        _id: id,
        type: wanted.type,
        pair_key: wanted.pair_key,
        name: isDirect ? null : (wanted.name ?? null),
        group_id: null,
        metadata: wanted.metadata ?? {},
        created_by_id: tx.user.user_id,
        people: isDirect ? everyone : [tx.user],
        member_count: everyone.length,
        last_seq: 0,
        rev: 0,
        sent_seqs: {},
        last_message: null,
        last_activity_at: new Date(),
      });
      const rows = await tx.repository(members).insertMany(
        everyone.map((user, at) => ({
          conversation_id: conversation._id,
          user,
          role: !isDirect && at === 0 ? 'owner' : 'member',
          read_seq: 0,
          delivered_seq: 0,
        })),
      );
      return { conversation, member: rows[0]! };
    });
    this.announce(ctx, entry.conversation, everyone);
    return entry;
  }

  /** Sockets of every member, on every process, join the room before they hear of the conversation. */
  private announce(ctx: RequestContext, conversation: Conversation, everyone: UserReference[]): void {
    this.access.forget(ctx, conversation._id);
    const conversationId = conversation._id.toHexString();
    const userIds = everyone.map(({ user_id }) => user_id.toHexString());
    this.realtime.join(ctx, userIds, conversationId, conversation.rev);
    for (const userId of userIds) {
      const data = viewOfConversation(conversation);
      this.realtime.publish(ctx, { userId }, { type: 'conversation.created', conversationId, data });
    }
  }

  /** @throws CaasError `unknown_members` (400): every one must exist, or nothing is made */
  private async othersOf(ctx: RequestContext, externalIds: string[]): Promise<UserReference[]> {
    const wanted = [...new Set(externalIds)].filter((id) => id !== ctx.user.user_external_id && id !== 'me');
    if (wanted.length > MAX_MEMBERS_AT_ONCE) {
      throw invalid('invalid_members', `No more than ${MAX_MEMBERS_AT_ONCE} members at once.`);
    }
    const found = await Promise.all(
      wanted.map((id) => (isExternalId(id) ? this.users.find(ctx, id) : Promise.resolve(null))),
    );
    const unknown = wanted.filter((_id, at) => found[at]?.state !== 'active');
    if (unknown.length > 0) {
      throw invalid('unknown_members', `There are no such users: ${unknown.slice(0, 10).join(', ')}.`, [
        { field: 'member_ids', message: 'must name users that exist' },
      ]);
    }
    return found.map((known) => known!.reference);
  }
}
