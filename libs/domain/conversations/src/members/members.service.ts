import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  conflict,
  forbidden,
  notFound,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
} from '#caas/kernel';
import { isAdmin, isOwner, mayRemove, type EffectiveRole } from '../store/roles';
import { members, type Member } from '../store/member.schema';
import { UserResolver } from '#caas/domain/users';
import type { MembershipGuard } from './membership-guard';
import { ConversationAccess } from '../access/conversation-access';
import { conversations } from '../store/conversation.schema';
import { Memberships, requireNotDirect } from './memberships';

/** The members of a conversation: members list them, admins change them. */
@Injectable()
export class MembersService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly users: UserResolver,
    private readonly memberships: Memberships,
  ) {}

  /** In the order in which they joined. @throws CaasError `conversation_not_found` (404) */
  async page(ctx: RequestContext, id: ObjectId, request: PageRequest): Promise<Page<Member>> {
    await this.access.requireFooting(ctx, id);
    return ctx.repository(members).page({ conversation_id: id }, request);
  }

  /**
   * For admins and the owner. Users who are members already stay as they are.
   * @returns the members who were added
   * @throws CaasError `conversation_not_found` (404), `admin_required`, `banned` (403), `direct_conversation` (409),
   *   `unknown_members`, `invalid_members` (400): nobody is added then
   */
  async add(ctx: RequestContext, id: ObjectId, externalIds: string[]): Promise<Member[]> {
    const { conversation, effectiveRole } = await this.access.requireFooting(ctx, id);
    requireNotDirect(conversation);
    requireAdmin(effectiveRole);
    const people = await this.users.others(ctx, externalIds);
    return this.memberships.add(ctx, id, people, (scope) => requireAdmin(scope.effectiveRole));
  }

  /**
   * Members may remove themselves, whatever their role; they may remove others as the roles allow.
   * @throws CaasError `conversation_not_found`, `member_not_found` (404), `not_allowed` (403), `direct_conversation` (409)
   */
  async remove(ctx: RequestContext, id: ObjectId, externalId: string): Promise<void> {
    const { conversation } = await this.access.requireFooting(ctx, id);
    requireNotDirect(conversation);
    const user = await this.users.anyState(ctx, externalId);
    if (!user) throw notFound('member');
    const isSelf = ctx.actor.kind === 'user' && ctx.user.user_id.equals(user.user_id);
    const guard: MembershipGuard = ({ effectiveRole, target }) => {
      if (!effectiveRole) throw notFound('conversation');
      if (!target) throw notFound('member');
      if (!isSelf && !mayRemove(effectiveRole, target)) {
        throw forbidden('not_allowed', 'Admins remove those below them, the owner everybody else.');
      }
    };
    await this.memberships.remove(ctx, id, user.user_id, guard);
  }

  /**
   * Deletes a conversation for all of its members. For its owner and the tenant's server.
   * @throws CaasError `conversation_not_found` (404), `owner_required` (403), `direct_conversation`, `owned_by_group` (409),
   *   `stale_version` (412)
   */
  async close(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<void> {
    const { conversation, effectiveRole } = await this.access.requireFooting(ctx, id);
    requireNotDirect(conversation);
    requireOwner(ctx, effectiveRole);
    if (conversation.group_id) throw conflict('owned_by_group', 'The conversation goes with its group: delete that.');
    await this.memberships.close(ctx, id, async ({ tx, effectiveRole: now }) => {
      requireOwner(ctx, now);
      const row = await tx.repository(conversations).findById(id);
      preconditions.require((row ?? conversation).settings_version);
    });
  }
}

function requireAdmin(effectiveRole: EffectiveRole | null): void {
  if (!effectiveRole) throw notFound('conversation');
  if (!isAdmin(effectiveRole)) throw forbidden('admin_required', 'Only admins and the owner may do this.');
}

function requireOwner(ctx: RequestContext, effectiveRole: EffectiveRole | null): void {
  if (!effectiveRole) throw notFound('conversation');
  if (!isOwner(effectiveRole) && !ctx.isServer) throw forbidden('owner_required', 'Only the owner may do this.');
}
