import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import {
  GroupConversations,
  type Member,
  type MembershipGuard,
  type NewGroupConversation,
  type Role,
} from '#caas/domain/groups';
import { ConversationOpenings } from '../conversations/conversation-openings';
import { ConversationSettingsService } from '../conversations/conversation-settings.service';
import { conversations } from '../persistence/conversation.schema';
import { Memberships, standingOf } from './memberships';

/** Conversations as the groups that own them use them. */
@Injectable()
export class OwnedConversations extends GroupConversations {
  constructor(
    private readonly openings: ConversationOpenings,
    private readonly settings: ConversationSettingsService,
    private readonly memberships: Memberships,
  ) {
    super();
  }

  override async open(tx: RequestContext, wanted: NewGroupConversation, others: UserReference[]): Promise<ObjectId> {
    const { conversation } = await this.openings.open(tx, new ObjectId(), [tx.user, ...others], wanted);
    return conversation._id;
  }

  override async memberCounts(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, number>> {
    const found = await ctx.repository(conversations).find({ _id: { $in: ids } }, { fields: ['member_count'] });
    return new Map(found.map(({ _id, member_count }) => [_id.toHexString(), member_count]));
  }

  override async change(ctx: RequestContext, id: ObjectId, name: string | undefined, guard: MembershipGuard) {
    const settings = name === undefined ? {} : { name };
    await this.settings.set(ctx, id, settings, async (_conversation, tx) =>
      guard({ tx, standing: await standingOf(tx, ctx, id), target: null }),
    );
  }

  override async admit(ctx: RequestContext, id: ObjectId, user: UserReference, guard: MembershipGuard) {
    return (await this.memberships.add(ctx, id, [user], guard)).length > 0;
  }

  override put(
    ctx: RequestContext,
    id: ObjectId,
    user: UserReference,
    role: Role,
    guard: MembershipGuard,
  ): Promise<{ member: Member; created: boolean }> {
    return this.memberships.put(ctx, id, user, role, guard);
  }

  override async expel(ctx: RequestContext, id: ObjectId, user: UserReference, guard: MembershipGuard) {
    return (await this.memberships.remove(ctx, id, user.user_id, guard)) !== null;
  }

  override close(ctx: RequestContext, id: ObjectId, guard: MembershipGuard): Promise<void> {
    return this.memberships.close(ctx, id, guard);
  }
}
