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
/** The two of a direct conversation are the same for good. */
const DIRECT_TTL_MS = 10 * 60_000;

/** What sending must know of a conversation, and what of it can be remembered for a moment. */
export interface CachedConversation {
  id: ObjectId;
  type: Conversation['type'];
  /** Of a direct conversation: the two. */
  people: UserReference[];
  role: Role;
  /** The lowest `seq` that the member sees. */
  visibleFrom: number;
}

/** A conversation and what the actor is in it; `member` is null for the tenant's own server as nobody in particular. */
export interface ActorInConversation {
  conversation: Conversation;
  member: Member | null;
  effectiveRole: EffectiveRole;
}

/**
 * Who may see and who may write: the check that every public method of this domain begins with. A conversation the actor is
 * not in does not exist for them. What sends ask for again and again is remembered for at most five seconds.
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
    // Before the process that ended the right answers: by the invalidations alone it would be a moment later.
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

  /**
   * For whoever manages a conversation: a member, or the tenant's server.
   * @throws CaasError `conversation_not_found` (404)
   */
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

  /** Null for a conversation that the actor is not in, as for one that does not exist. */
  async find(ctx: RequestContext, id: ObjectId): Promise<ConversationMembership | null> {
    const [entry] = (await this.findMany(ctx, [id])).values();
    return entry ?? null;
  }

  /** Those among `ids` that the actor is in, by id; not older than what this process has stored in them. */
  async findMany(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, ConversationMembership>> {
    await this.folds.settle(ctx, ids);
    const askedAtMs = performance.now();
    const entries = await membershipsAmong(ctx, ids);
    if (!ctx.connection.inTransaction) {
      for (const { conversation } of entries.values()) this.archives.note(ctx, conversation, askedAtMs);
    }
    return entries;
  }

  /** The same, when a client knows more of a conversation than its row says: with all that is stored by whichever process. */
  async findFolded(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, ConversationMembership>> {
    for (let at = 0; at < ids.length; at += FOLDED_AT_ONCE) {
      await Promise.all(ids.slice(at, at + FOLDED_AT_ONCE).map((id) => this.folds.fold(ctx, id)));
    }
    return this.findMany(ctx, ids);
  }

  /** Those among `found` that the actor is in, in their order. */
  membershipsOf(ctx: RequestContext, found: Conversation[]): Promise<ConversationMembership[]> {
    return membershipsOf(ctx, found);
  }

  /** Those among `messages` that the actor may read, in their order. */
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

  /** Of a direct conversation, for everything that the other one hears of. @throws CaasError `blocked` (403) */
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
      // Somebody who is just joining on another process must not stay outside here for seconds after.
      this.facts.forget(key);
      throw notFound('conversation');
    }
    if (facts.type === 'direct') await this.directs.get(key, () => Promise.resolve(facts));
    return facts;
  }

  /** By hex id of the user, for those who are in the conversation. */
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

  /** Somebody left or has another role: no process believes any more what it knew. */
  memberChanged({ tenantId }: RequestContext, id: ObjectId, userId: string): void {
    this.forgetMember(tenantId, `${id.toHexString()}:${userId}`);
  }

  /** The same for all of its members: it is gone, or shows them something else. */
  conversationChanged({ tenantId }: RequestContext, id: ObjectId): void {
    this.forgetConversation(tenantId, id.toHexString());
  }
}
