import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { forbidden, notFound, type RequestContext } from '#caas/kernel';
import type { MembershipScope } from '#caas/domain/conversations';
import { groups, type Group } from './group.schema';
import { members } from '#caas/domain/conversations';
import { isAdmin, type EffectiveRole } from '#caas/domain/conversations';

/** A group and the actor's role in it. */
export interface GroupFooting {
  group: Group;
  effectiveRole: EffectiveRole;
}

/** Only its members and the tenant's server may see a group. For everybody else it does not exist. */
@Injectable()
export class GroupAccess {
  /** @throws CaasError `group_not_found` (404) */
  async require(ctx: RequestContext, id: ObjectId): Promise<GroupFooting> {
    const group = await ctx.repository(groups).findById(id);
    if (!group) throw notFound('group');
    if (ctx.actor.kind !== 'user') return { group, effectiveRole: 'server' };
    const who = { conversation_id: group.conversation_id, 'user.user_id': ctx.user.user_id };
    const member = await ctx.repository(members).findOne(who, { fields: ['role'] });
    if (!member) throw notFound('group');
    return { group, effectiveRole: member.role };
  }

  /** @throws CaasError `group_not_found` (404), `admin_required` (403) */
  async requireAdmin(ctx: RequestContext, id: ObjectId): Promise<Group> {
    const { group, effectiveRole } = await this.require(ctx, id);
    requireAdmin({ effectiveRole });
    return group;
  }
}

/** @throws CaasError `group_not_found` (404) when the actor has left in the meantime, `admin_required` (403) */
export function requireAdmin({ effectiveRole }: Pick<MembershipScope, 'effectiveRole'>): EffectiveRole {
  if (!effectiveRole) throw notFound('group');
  if (!isAdmin(effectiveRole)) throw forbidden('admin_required', 'Only admins and the owner may do this.');
  return effectiveRole;
}

/** @throws CaasError `not_allowed` (403): the roles of both do not allow it */
export const notAllowed = () =>
  forbidden('not_allowed', 'Admins decide about those below them, the owner about everybody else.');
