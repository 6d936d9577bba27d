import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  notFound,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
  type UserReference,
} from '#caas/kernel';
import { Blocks } from '#caas/domain/users';
import { GroupAccess, notAllowed, requireAdmin } from './group-access';
import { GroupConversations } from './group-conversations';
import type { MembershipGuard } from '#caas/domain/conversations';
import { UserResolver } from '#caas/domain/users';
import { groupBans, type GroupBan } from './group-ban.schema';
import type { Member } from '#caas/domain/conversations';
import { mayGrant, mayRemove, type Role } from '#caas/domain/conversations';

/** The members of a group with their roles, and the bans. */
@Injectable()
export class GroupMembersService {
  constructor(
    private readonly access: GroupAccess,
    private readonly users: UserResolver,
    private readonly conversations: GroupConversations,
    private readonly blocks: Blocks,
  ) {}

  /**
   * Adds a user, or changes a member's role, as `roles.ts` allows. An owner who makes another member the owner becomes an admin.
   * @throws CaasError `group_not_found`, `user_not_found` (404), `not_allowed`, `banned`, `blocked` (403), `owner_required` (409),
   *   `stale_version`, `already_exists` (412)
   */
  async put(
    ctx: RequestContext,
    id: ObjectId,
    externalId: string,
    role: Role,
    preconditions: Preconditions,
  ): Promise<{ member: Member; created: boolean }> {
    const { group } = await this.access.require(ctx, id);
    const user = await this.users.active(ctx, externalId);
    if (!user) throw notFound('user');
    return this.conversations.put(ctx, group.conversation_id, user, role, async ({ effectiveRole, target }) => {
      if (!effectiveRole) throw notFound('group');
      if (target !== role && !mayGrant(effectiveRole, target, role)) throw notAllowed();
      preconditions.requireUnversioned(target !== null);
      if (target === null) await this.blocks.requireNone(ctx, [user]);
    });
  }

  /**
   * Members may remove themselves, whatever their role; they may remove others as the roles allow.
   * @throws CaasError `group_not_found`, `member_not_found` (404), `not_allowed` (403)
   */
  async remove(ctx: RequestContext, id: ObjectId, externalId: string): Promise<void> {
    const { group } = await this.access.require(ctx, id);
    const user = await this.users.anyState(ctx, externalId);
    if (!user) throw notFound('member');
    await this.conversations.expel(ctx, group.conversation_id, user, ({ effectiveRole, target }) => {
      if (!effectiveRole) throw notFound('group');
      if (!target) throw notFound('member');
      if (!isActor(ctx, user) && !mayRemove(effectiveRole, target)) throw notAllowed();
    });
  }

  /**
   * Bans a user, who need not be a member; a member is removed. Banning the user again changes the reason.
   * @throws CaasError `group_not_found`, `user_not_found` (404), `admin_required`, `not_allowed` (403), `stale_version`,
   *   `already_exists` (412)
   */
  async ban(
    ctx: RequestContext,
    id: ObjectId,
    externalId: string,
    reason: string | null,
    preconditions: Preconditions,
  ): Promise<{ ban: GroupBan; created: boolean }> {
    const group = await this.access.requireAdmin(ctx, id);
    const user = await this.users.anyState(ctx, externalId);
    if (!user) throw notFound('user');
    let written: { ban: GroupBan; created: boolean } | null = null;
    const guard: MembershipGuard = async (scope) => {
      const effectiveRole = requireAdmin(scope);
      if (isActor(ctx, user) || (scope.target && !mayRemove(effectiveRole, scope.target))) throw notAllowed();
      written = await writeBan(scope.tx, id, user, reason);
      preconditions.requireUnversioned(!written.created);
    };
    await this.conversations.expel(ctx, group.conversation_id, user, guard);
    return written!;
  }

  /** @throws CaasError `group_not_found`, `ban_not_found` (404), `admin_required` (403) */
  async unban(ctx: RequestContext, id: ObjectId, externalId: string): Promise<void> {
    await this.access.requireAdmin(ctx, id);
    const user = await this.users.anyState(ctx, externalId);
    const removed = user && (await ctx.repository(groupBans).deleteOne({ group_id: id, 'user.user_id': user.user_id }));
    if (!removed) throw notFound('ban');
  }

  /** @throws CaasError `group_not_found` (404), `admin_required` (403) */
  async bans(ctx: RequestContext, id: ObjectId, request: PageRequest): Promise<Page<GroupBan>> {
    await this.access.requireAdmin(ctx, id);
    return ctx.repository(groupBans).page({ group_id: id }, request);
  }
}

const isActor = ({ actor }: RequestContext, { user_id }: UserReference): boolean =>
  actor.kind === 'user' && actor.user.user_id.equals(user_id);

async function writeBan(tx: RequestContext, group_id: ObjectId, user: UserReference, reason: string | null) {
  const bans = tx.repository(groupBans);
  const known = await bans.findOneAndUpdate({ group_id, 'user.user_id': user.user_id }, { $set: { reason } });
  if (known) return { ban: known, created: false };
  return { ban: await bans.insertOne({ group_id, user, reason }), created: true };
}
