import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { conflict, forbidden, invalid, notFound, type Preconditions, type RequestContext } from '#caas/kernel';
import { Realtime } from '#caas/platform/realtime';
import { isAdmin } from '../store/roles';
import { members, type Member } from '../store/member.schema';
import { TextPolicy } from '#caas/domain/users';
import { ConversationChanges, Unchanged } from '../changes/conversation-changes';
import { conversations, type Conversation, type History } from '../store/conversation.schema';
import { viewOfConversation, viewOfConversationForRoom, viewOfPreferences } from './views';
import { ConversationAccess, type ActorInConversation } from '../access/conversation-access';
import type { ConversationMembership } from '../store/conversation-memberships';

export interface Settings {
  name?: string | null;
  metadata?: Record<string, unknown>;
  history?: History;
}

export interface Preferences {
  muted_until?: Date | null;
  pinned?: boolean;
  archived?: boolean;
}

/** Settings that admins and the owner make for the whole conversation, and the preferences of each member. */
@Injectable()
export class ConversationSettingsService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly changes: ConversationChanges,
    private readonly realtime: Realtime,
    private readonly rules: TextPolicy,
  ) {}

  /**
   * For admins and the owner. The conversation of a group always has the group's name.
   * @throws CaasError `conversation_not_found` (404), `admin_required`, `name_blocked` (403), `direct_conversation`,
   *   `named_by_group` (409), `stale_version` (412)
   */
  async update(
    ctx: RequestContext,
    id: ObjectId,
    settings: Settings,
    preconditions: Preconditions,
  ): Promise<ActorInConversation> {
    const footing = await this.access.requireFooting(ctx, id);
    if (footing.conversation.type === 'direct') {
      throw conflict('direct_conversation', 'A direct conversation has no settings of its own.');
    }
    if (!isAdmin(footing.effectiveRole))
      throw forbidden('admin_required', 'Only admins and the owner may change this.');
    if (settings.name !== undefined && footing.conversation.group_id) {
      throw conflict('named_by_group', 'The name is that of the group: change it there.');
    }
    const { name } = settings;
    const admitted = name ? { ...settings, name: await this.rules.admitName(ctx, name) } : settings;
    const conversation = await this.set(ctx, id, admitted, ({ settings_version }) =>
      Promise.resolve(preconditions.require(settings_version)),
    );
    return { ...footing, conversation };
  }

  /**
   * Sets the given fields and notifies the members. It checks no permission.
   * @param check may throw, and may write what belongs to the change; runs in the transaction of the change
   * @throws CaasError `conversation_not_found` (404), and what `check` throws
   */
  async set(
    ctx: RequestContext,
    id: ObjectId,
    settings: Settings,
    check: (conversation: Conversation, tx: RequestContext) => Promise<void>,
  ): Promise<Conversation> {
    const { value: conversation, rev } = await this.changes.apply(ctx, id, async ({ tx, rev }) => {
      const rows = tx.repository(conversations);
      const before = await rows.findById(id);
      if (!before) throw notFound('conversation');
      await check(before, tx);
      if (Object.keys(settings).length === 0) return new Unchanged({ ...before, rev: rev - 1 });
      const after = await rows.findOneAndUpdate({ _id: id }, { $set: { ...settings }, $inc: { settings_version: 1 } });
      return { ...after!, rev };
    });
    if (rev !== null) this.announce(ctx, conversation, rev);
    return conversation;
  }

  /**
   * Sets the actor's own preferences. It takes no `rev`, since nobody else sees them, and notifies the actor's other devices.
   * @param preconditions of the conversation's settings, whose version the answer has; preferences have no version
   * @throws CaasError `conversation_not_found` (404), `nothing_to_change` (400), `stale_version` (412)
   */
  async prefer(
    ctx: RequestContext,
    id: ObjectId,
    preferences: Preferences,
    preconditions: Preconditions,
  ): Promise<ConversationMembership> {
    if (Object.keys(preferences).length === 0) {
      throw invalid('nothing_to_change', 'Name at least one of muted_until, pinned and archived.');
    }
    const { conversation } = await this.access.requireMember(ctx, id);
    preconditions.require(conversation.settings_version);
    const who = { conversation_id: id, 'user.user_id': ctx.user.user_id };
    const member = await ctx.repository(members).findOneAndUpdate(who, { $set: { ...preferences } });
    if (!member) throw notFound('conversation');
    this.tellDevices(ctx, conversation, member);
    return { conversation, member };
  }

  private announce(ctx: RequestContext, conversation: Conversation, rev: number): void {
    this.access.conversationChanged(ctx, conversation._id);
    const conversationId = conversation._id.toHexString();
    const data = viewOfConversationForRoom(conversation);
    this.realtime.publish(ctx, { conversationId }, { type: 'conversation.updated', conversationId, rev, data });
  }

  private tellDevices(ctx: RequestContext, conversation: Conversation, member: Member): void {
    const conversationId = conversation._id.toHexString();
    const { last_message: _, ...view } = viewOfConversation(conversation);
    const data = { ...view, preferences: viewOfPreferences(member) };
    const userId = ctx.user.user_id.toHexString();
    this.realtime.publish(ctx, { userId }, { type: 'conversation.updated', conversationId, data });
  }
}
