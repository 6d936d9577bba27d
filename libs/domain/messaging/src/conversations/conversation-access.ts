import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { forbidden, notFound, type RequestContext, type UserReference } from '#caas/kernel';
import { members, type Member } from '#caas/domain/groups';
import { RelationshipsService } from '#caas/domain/users';
import { FreshCache, Invalidations } from '#caas/platform/cache';
import { conversationKey } from './conversation-key';
import { conversations, type Conversation } from '../persistence/conversation.schema';

const MAX_CACHED = 20_000;
/** The two of a direct conversation are the same for good. */
const DIRECT_TTL_MS = 10 * 60_000;

/** A conversation as one member has it. */
export interface Entry {
  conversation: Conversation;
  member: Member;
}

/** What sending must know of a conversation, and what of it can be remembered for a moment. */
export interface ConversationFacts {
  id: ObjectId;
  type: Conversation['type'];
  /** Of a direct conversation: the two. */
  people: UserReference[];
}

/**
 * Who may see and who may write: the check that every public method of this domain begins with. A conversation the actor is
 * not in does not exist for them. What sends ask for again and again is remembered for at most five seconds.
 */
@Injectable()
export class ConversationAccess {
  private readonly facts = new FreshCache<ConversationFacts | null>(MAX_CACHED);
  private readonly directs = new FreshCache<ConversationFacts>(MAX_CACHED, DIRECT_TTL_MS);
  private readonly blocks = new FreshCache<boolean>(MAX_CACHED);

  constructor(
    private readonly relationships: RelationshipsService,
    invalidations: Invalidations,
  ) {
    invalidations.on(({ kind, tenantId }) => {
      if (kind === 'relationship') this.blocks.forgetWhere((key) => key.startsWith(`${tenantId}:`));
    });
  }

  /** @throws CaasError `conversation_not_found` (404) */
  async requireMember(ctx: RequestContext, id: ObjectId): Promise<Entry> {
    const entry = await this.find(ctx, id);
    if (!entry) throw notFound('conversation');
    return entry;
  }

  /** Null for a conversation that the actor is not in, as for one that does not exist. */
  async find(ctx: RequestContext, id: ObjectId): Promise<Entry | null> {
    const [entry] = (await this.findMany(ctx, [id])).values();
    return entry ?? null;
  }

  /** Those among `ids` that the actor is in, by id. */
  async findMany(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, Entry>> {
    const one = ids.length === 1 ? ids[0] : undefined;
    const among = one ?? { $in: ids };
    const [found, own] = await Promise.all([
      ctx.repository(conversations).find({ _id: among }),
      ctx.repository(members).find({ conversation_id: among, 'user.user_id': ctx.user.user_id }),
    ]);
    const byConversation = new Map(own.map((member) => [member.conversation_id.toHexString(), member]));
    return new Map(
      found.flatMap((conversation) => {
        const id = conversation._id.toHexString();
        const member = byConversation.get(id);
        return member ? [[id, { conversation, member }] as const] : [];
      }),
    );
  }

  /** @throws CaasError `conversation_not_found` (404), `blocked` (403) */
  async requireSender(ctx: RequestContext, id: ObjectId): Promise<ConversationFacts> {
    const facts = await this.readable(ctx, id);
    await this.requireUnblocked(ctx, facts);
    return facts;
  }

  /** Of a direct conversation, for everything that the other one hears of. @throws CaasError `blocked` (403) */
  async requireUnblocked(
    ctx: RequestContext,
    { type, people }: Pick<ConversationFacts, 'type' | 'people'>,
  ): Promise<void> {
    if (type !== 'direct') return;
    const other = people.find(({ user_id }) => !user_id.equals(ctx.user.user_id));
    if (other && (await this.isBlocked(ctx, other.user_id)))
      throw forbidden('blocked', 'You cannot write to this user.');
  }

  /** @throws CaasError `conversation_not_found` (404) */
  async readable(ctx: RequestContext, id: ObjectId): Promise<ConversationFacts> {
    const { user_id } = ctx.user;
    const key = `${conversationKey(ctx, id)}:${user_id.toHexString()}`;
    const lasting = this.directs.peek(key);
    if (lasting) return lasting;
    const facts = await this.facts.get(key, () => this.load(ctx, id));
    if (!facts) {
      // Somebody who is just joining on another process must not stay outside here for seconds after.
      this.facts.forget(key);
      throw notFound('conversation');
    }
    if (facts.type === 'direct') await this.directs.get(key, () => Promise.resolve(facts));
    return facts;
  }

  private async load(ctx: RequestContext, id: ObjectId): Promise<ConversationFacts | null> {
    const who = { conversation_id: id, 'user.user_id': ctx.user.user_id };
    const member = await ctx.repository(members).findOne(who, { fields: ['_id'] });
    const conversation = member && (await ctx.repository(conversations).findById(id));
    return conversation ? { id, type: conversation.type, people: conversation.people } : null;
  }

  /** Has `by` blocked the actor? */
  isBlocked(ctx: RequestContext, by: ObjectId): Promise<boolean> {
    const key = `${ctx.tenantId}:${by.toHexString()}:${ctx.user.user_id.toHexString()}`;
    return this.blocks.get(key, () => this.relationships.isBlocked(ctx, by, ctx.user.user_id));
  }

  /** Somebody joined or left, or the conversation is new: nothing known of it holds any more in this process. */
  forget(ctx: RequestContext, id: ObjectId): void {
    this.directs.forgetWhere((key) => key.startsWith(`${conversationKey(ctx, id)}:`));
    this.facts.forgetWhere((key) => key.startsWith(`${conversationKey(ctx, id)}:`));
  }
}
