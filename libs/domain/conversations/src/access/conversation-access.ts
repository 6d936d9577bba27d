import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { forbidden, notFound, type RequestContext, type UserReference } from '#caas/kernel';
import { isModerator, type Role, type EffectiveRole } from '../store/roles';
import { members, type Member } from '../store/member.schema';
import { Blocks } from '#caas/domain/users';
import { FreshCache, Invalidations, TenantLookup } from '#caas/platform/cache';
import { Realtime } from '#caas/platform/realtime';
import { ArchiveVersionCache } from '../archive-state/archive-version-cache';
import { ConversationFolds } from '../folding/conversation-folds';
import { conversationKey } from '../store/conversation-key';
import { conversations, type Conversation } from '../store/conversation.schema';
import {
  membershipsAmong,
  membershipsOf,
  readableAmong,
  type ConversationMembership,
  type Placed,
} from '../store/conversation-memberships';
import { visibleFrom } from '../store/visibility';

const MAX_CACHED = 20_000;
const FOLDED_AT_ONCE = 8;
/** The two members of a direct conversation never change. */
const DIRECT_TTL_MS = 10 * 60_000;

/** What a send needs to know of a conversation and that may be cached for a moment. */
export interface CachedConversation {
  id: ObjectId;
  type: Conversation['type'];
  /** The two members of a direct conversation. */
  people: UserReference[];
  role: Role;
  /** The lowest `seq` that the member sees. */
  visibleFrom: number;
}

/** A conversation and the actor's role in it. `member` is null for the tenant's server when it acts as no user. */
export interface ActorInConversation {
  conversation: Conversation;
  member: Member | null;
  effectiveRole: EffectiveRole;
}

/**
 * Checks who may read and who may write. Every public method of this domain begins with it. For an actor who is not a member, the
 * conversation does not exist. What sends need is cached for at most five seconds.
 */
@Injectable()
export class ConversationAccess {
  private readonly facts = new FreshCache<CachedConversation | null>(MAX_CACHED);
  private readonly lookup = new TenantLookup<CachedConversation>((ctx, userIds, id) => this.load(ctx, userIds, id));
  private readonly directs = new FreshCache<CachedConversation>(MAX_CACHED, DIRECT_TTL_MS);
  private readonly forgetMember = this.invalidations.publisher('member');
  private readonly forgetConversation = this.invalidations.publisher('conversation');

  constructor(
    private readonly blocks: Blocks,
    private readonly invalidations: Invalidations,
    private readonly archives: ArchiveVersionCache,
    private readonly folds: ConversationFolds,
    realtime: Realtime,
  ) {
    // Forget before the process that ended the right answers its caller. The invalidation alone would arrive a moment later.
    realtime.onRightsEnded((tenantId, conversationId, userIds) => {
      const key = `${tenantId}:${conversationId}`;
      if (userIds === null) this.facts.forgetWhere((known) => known.startsWith(`${key}:`));
      else for (const userId of userIds) this.facts.forget(`${key}:${userId}`);
    });
    invalidations.on('member', ({ tenantId, id }) => this.facts.forget(`${tenantId}:${id}`));
    invalidations.on('conversation', ({ tenantId, id }) =>
      this.facts.forgetWhere((key) => key.startsWith(`${tenantId}:${id}:`)),
    );
  }

  /** @throws CaasError `conversation_not_found` (404) */
  async requireMember(ctx: RequestContext, id: ObjectId): Promise<ConversationMembership> {
    const entry = await this.find(ctx, id);
    if (!entry) throw notFound('conversation');
    return entry;
  }

  /** For managing a conversation: the actor is a member, or the tenant's server. @throws CaasError `conversation_not_found` (404) */
  async requireFooting(ctx: RequestContext, id: ObjectId): Promise<ActorInConversation> {
    if (ctx.actor.kind !== 'server') {
      const entry = await this.requireMember(ctx, id);
      return { ...entry, effectiveRole: entry.member.role };
    }
    await this.folds.settle(ctx, [id]);
    const conversation = await ctx.repository(conversations).findById(id);
    if (!conversation) throw notFound('conversation');
    return { conversation, member: null, effectiveRole: 'server' };
  }

  /** Null when the actor is not a member, and when the conversation does not exist. */
  async find(ctx: RequestContext, id: ObjectId): Promise<ConversationMembership | null> {
    const [entry] = (await this.findMany(ctx, [id])).values();
    return entry ?? null;
  }

  /** The actor's memberships among `ids`, by id. Includes everything that this process has stored in these conversations. */
  async findMany(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, ConversationMembership>> {
    await this.folds.settle(ctx, ids);
    const askedAtMs = performance.now();
    const entries = await membershipsAmong(ctx, ids);
    if (!ctx.connection.inTransaction) {
      for (const { conversation } of entries.values()) this.archives.note(ctx, conversation, askedAtMs);
    }
    return entries;
  }

  /** Like `findMany`, for a client that knows more of a conversation than its row says. Includes what every process has stored. */
  async findFolded(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, ConversationMembership>> {
    for (let at = 0; at < ids.length; at += FOLDED_AT_ONCE) {
      await Promise.all(ids.slice(at, at + FOLDED_AT_ONCE).map((id) => this.folds.fold(ctx, id)));
    }
    return this.findMany(ctx, ids);
  }

  /** The actor's memberships in the conversations `found`, in their order. */
  membershipsOf(ctx: RequestContext, found: Conversation[]): Promise<ConversationMembership[]> {
    return membershipsOf(ctx, found);
  }

  /** The messages among `messages` that the actor may read, in their order. */
  readableAmong<M extends Placed>(ctx: RequestContext, messages: M[]): Promise<M[]> {
    return readableAmong(ctx, messages);
  }

  /** @throws CaasError `conversation_not_found` (404), `blocked`, `moderator_required` (403, in channels) */
  async requireSender(ctx: RequestContext, id: ObjectId): Promise<CachedConversation> {
    const facts = await this.readable(ctx, id);
    await this.requireUnblocked(ctx, facts);
    if (facts.type === 'channel' && !isModerator(facts.role)) {
      throw forbidden('moderator_required', 'In a channel only moderators, admins and the owner post.');
    }
    return facts;
  }

  /** Required in a direct conversation before anything that the other member receives. @throws CaasError `blocked` (403) */
  async requireUnblocked(
    ctx: RequestContext,
    { type, people }: Pick<CachedConversation, 'type' | 'people'>,
  ): Promise<void> {
    if (type !== 'direct') return;
    await this.blocks.requireNone(ctx, people);
  }

  /** @throws CaasError `conversation_not_found` (404) */
  async readable(ctx: RequestContext, id: ObjectId): Promise<CachedConversation> {
    const userId = ctx.user.user_id.toHexString();
    const key = `${conversationKey(ctx, id)}:${userId}`;
    const lasting = this.directs.peek(key);
    if (lasting) return lasting;
    const facts = await this.facts.get(
      key,
      async () => (await this.lookup.find(ctx, userId, id.toHexString())) ?? null,
    );
    if (!facts) {
      // Do not cache a refusal: a user who is just joining on another process would stay locked out for seconds.
      this.facts.forget(key);
      throw notFound('conversation');
    }
    if (facts.type === 'direct') await this.directs.get(key, () => Promise.resolve(facts));
    return facts;
  }

  /** By hex id of the user, for the users who are members. */
  private async load(ctx: RequestContext, userIds: string[], id: string): Promise<Map<string, CachedConversation>> {
    const conversation_id = new ObjectId(id);
    const users = userIds.map((userId) => new ObjectId(userId));
    const askedAtMs = performance.now();
    const [rows, conversation] = await Promise.all([
      ctx
        .repository(members)
        .find({ conversation_id, 'user.user_id': { $in: users } }, { fields: ['user', 'role', 'joined_seq'] }),
      ctx.repository(conversations).findById(conversation_id),
    ]);
    if (!conversation) return new Map();
    this.archives.note(ctx, conversation, askedAtMs);
    const { type, people } = conversation;
    return new Map(
      rows.map((member) => [
        member.user.user_id.toHexString(),
        { id: conversation_id, type, people, role: member.role, visibleFrom: visibleFrom(member, conversation) },
      ]),
    );
  }

  /** Call it when a member left or got another role: every process forgets what it knew of that member. */
  memberChanged({ tenantId }: RequestContext, id: ObjectId, userId: string): void {
    this.forgetMember(tenantId, `${id.toHexString()}:${userId}`);
  }

  /** Call it when the conversation is gone or shows its members something else: every process forgets what it knew of all its members. */
  conversationChanged({ tenantId }: RequestContext, id: ObjectId): void {
    this.forgetConversation(tenantId, id.toHexString());
  }
}
