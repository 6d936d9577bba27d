import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import { ConversationCreator } from '#caas/domain/conversations';
import { ConversationSettingsService } from '#caas/domain/conversations';
import { conversations } from '#caas/domain/conversations';
import { Memberships, effectiveRoleOf } from '#caas/domain/conversations';
import type { MembershipGuard } from '#caas/domain/conversations';
import type { GroupType } from './group.schema';
import type { Member } from '#caas/domain/conversations';
import type { Role } from '#caas/domain/conversations';

export interface NewGroupConversation {
  group_id: ObjectId;
  type: GroupType;
  name: string;
  history?: 'all' | 'joined';
}

/** Operations of groups on the conversations that they own. Ids are ids of conversations. */
@Injectable()
export class GroupConversations {
  constructor(
    private readonly openings: ConversationCreator,
    private readonly settings: ConversationSettingsService,
    private readonly memberships: Memberships,
  ) {}

  /** Creates a conversation with the actor as its owner, in the transaction of `tx`. */
  async open(tx: RequestContext, wanted: NewGroupConversation, others: UserReference[]): Promise<ObjectId> {
    const { conversation } = await this.openings.open(tx, new ObjectId(), [tx.user, ...others], wanted);
    return conversation._id;
  }

  /** How many members each conversation has; deleted ones are missing. */
  async memberCounts(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, number>> {
    const found = await ctx.repository(conversations).find({ _id: { $in: ids } }, { fields: ['member_count'] });
    return new Map(found.map(({ _id, member_count }) => [_id.toHexString(), member_count]));
  }

  /** Runs `guard` in the transaction of the change, and renames the conversation when there is a new name. */
  async change(ctx: RequestContext, id: ObjectId, name: string | undefined, guard: MembershipGuard) {
    const settings = name === undefined ? {} : { name };
    await this.settings.set(ctx, id, settings, async (_conversation, tx) =>
      guard({ tx, effectiveRole: await effectiveRoleOf(tx, ctx, id), target: null }),
    );
  }

  /** False when the user was a member already; `guard` does not run then. @throws CaasError `banned` (403) */
  async admit(ctx: RequestContext, id: ObjectId, user: UserReference, guard: MembershipGuard) {
    return (await this.memberships.add(ctx, id, [user], guard)).length > 0;
  }

  /** Adds a user with a role, or changes a member's role. An owner who makes another member the owner becomes an admin. */
  put(
    ctx: RequestContext,
    id: ObjectId,
    user: UserReference,
    role: Role,
    guard: MembershipGuard,
  ): Promise<{ member: Member; created: boolean }> {
    return this.memberships.put(ctx, id, user, role, guard);
  }

  /** False when the user was not a member; `guard` runs all the same. */
  async expel(ctx: RequestContext, id: ObjectId, user: UserReference, guard: MembershipGuard) {
    return (await this.memberships.remove(ctx, id, user.user_id, guard)) !== null;
  }

  /** Deletes the conversation for all of its members. */
  close(ctx: RequestContext, id: ObjectId, guard: MembershipGuard): Promise<void> {
    return this.memberships.close(ctx, id, guard);
  }
}
