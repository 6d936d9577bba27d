import { versioned } from '#caas/kernel';
import { viewOfReference } from '#caas/domain/users';
import type { GroupEntry } from './groups.service';
import { groupEditionOf } from './group.schema';
import type { GroupBan } from './group-ban.schema';
import type { GroupInvite } from './group-invite.schema';

/** Views of groups for clients. */

/** `role` is the viewer's; null for the tenant's server as no user. */
export const viewOfGroup = ({ group, effectiveRole, memberCount }: GroupEntry) =>
  versioned(
    {
      id: group._id.toHexString(),
      conversation_id: group.conversation_id.toHexString(),
      type: group.type,
      name: group.name,
      description: group.description,
      metadata: group.metadata,
      member_count: memberCount,
      role: effectiveRole === 'server' ? null : effectiveRole,
      created_by: viewOfReference(group.created_by),
      created_at: group.created_at.toISOString(),
      updated_at: group.updated_at.toISOString(),
    },
    groupEditionOf(group),
  );

export const viewOfBan = ({ _id, group_id, user, reason, created_at }: GroupBan) => ({
  id: _id.toHexString(),
  group_id: group_id.toHexString(),
  user: viewOfReference(user),
  reason,
  created_at: created_at.toISOString(),
});

export const viewOfInvite = ({ _id, group_id, created_by, expires_at, max_uses, uses, created_at }: GroupInvite) => ({
  id: _id.toHexString(),
  group_id: group_id.toHexString(),
  created_by: viewOfReference(created_by),
  expires_at: expires_at.toISOString(),
  max_uses,
  uses,
  created_at: created_at.toISOString(),
});
