import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { DuplicateKeyError, invalid, type RequestContext, type UserReference } from '#caas/kernel';
import { groupsSettings, requireRoom } from './groups.settings';
import { UserResolver } from '#caas/domain/users';
import { Settings } from '#caas/domain/settings';
import { TextPolicy } from '#caas/domain/users';
import { conversations, type ConversationType, type History } from '../store/conversation.schema';
import { ConversationAccess } from '../access/conversation-access';
import type { ConversationMembership } from '../store/conversation-memberships';
import { ConversationCreator } from './conversation-creator';

export interface NewConversation {
  type: ConversationType;
  member_ids: string[];
  name?: string;
  metadata?: Record<string, unknown>;
  history?: History;
}

/** Creates conversations and reads one. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly users: UserResolver,
    private readonly openings: ConversationCreator,
    private readonly rules: TextPolicy,
    private readonly settings: Settings,
  ) {}

  /**
   * An existing direct conversation is returned as it is (`created` is false).
   * @param id of the new conversation; if the actor created one with this id before, that one is returned
   * @throws CaasError `unknown_members`, `invalid_members` (400), `blocked`, `name_blocked` (403), `group_full` (409)
   */
  async create(
    ctx: RequestContext,
    id: ObjectId,
    wanted: NewConversation,
  ): Promise<ConversationMembership & { created: boolean }> {
    const others = await this.users.others(ctx, wanted.member_ids);
    if (wanted.type === 'direct') return this.openDirect(ctx, id, others, wanted);
    requireRoom(await this.settings.of(ctx, groupsSettings), others.length + 1);
    const name = wanted.name === undefined ? {} : { name: await this.rules.admitName(ctx, wanted.name) };
    return this.openWithOwner(ctx, id, others, { ...wanted, ...name });
  }

  /** @throws CaasError `conversation_not_found` (404) */
  get(ctx: RequestContext, id: ObjectId): Promise<ConversationMembership> {
    return this.access.requireMember(ctx, id);
  }

  private async openDirect(ctx: RequestContext, id: ObjectId, others: UserReference[], wanted: NewConversation) {
    const [other] = others;
    if (!other || others.length !== 1) {
      throw invalid('invalid_members', 'A direct conversation has one other member.', [
        { field: 'member_ids', message: 'must name one user besides you' },
      ]);
    }
    const pair_key = [ctx.user.user_id.toHexString(), other.user_id.toHexString()].sort().join(':');
    const existing = await this.findPair(ctx, pair_key);
    if (existing) return { ...existing, created: false };
    try {
      return { ...(await this.openings.open(ctx, id, [ctx.user, other], { ...wanted, pair_key })), created: true };
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const winner = await this.findPair(ctx, pair_key);
      if (!winner) throw error;
      return { ...winner, created: false };
    }
  }

  private async openWithOwner(ctx: RequestContext, id: ObjectId, others: UserReference[], wanted: NewConversation) {
    const everyone = [ctx.user, ...others];
    try {
      return { ...(await this.openings.open(ctx, id, everyone, wanted)), created: true };
    } catch (error) {
      const made = error instanceof DuplicateKeyError ? await this.access.find(ctx, id) : null;
      if (!made) throw error;
      // The process that created it may have died before it notified the members.
      this.openings.announce(ctx, made.conversation, everyone);
      return { ...made, created: true };
    }
  }

  private async findPair(ctx: RequestContext, pair_key: string): Promise<ConversationMembership | null> {
    const conversation = await ctx.repository(conversations).findOne({ pair_key });
    return conversation && this.access.requireMember(ctx, conversation._id);
  }
}
