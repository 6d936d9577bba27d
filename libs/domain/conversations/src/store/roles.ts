export const ROLES = ['owner', 'admin', 'moderator', 'member'] as const;
/** A member's role in a group or channel. Each role has all rights of the roles after it; there is one owner. */
export type Role = (typeof ROLES)[number];

/** The tenant's own server, as no user, is above all members. */
const EFFECTIVE_ROLES = ['server', ...ROLES] as const;
export type EffectiveRole = (typeof EFFECTIVE_ROLES)[number];

const isAtLeast = (one: EffectiveRole, least: EffectiveRole): boolean =>
  EFFECTIVE_ROLES.indexOf(one) <= EFFECTIVE_ROLES.indexOf(least);
const isAbove = (one: EffectiveRole, other: EffectiveRole): boolean => !isAtLeast(other, one);

/** Moderates: posts in channels, pins, deletes other members' messages. */
export const isModerator = (effectiveRole: EffectiveRole): boolean => isAtLeast(effectiveRole, 'moderator');

/** Administers: adds members, makes invites, changes name and description. */
export const isAdmin = (effectiveRole: EffectiveRole): boolean => isAtLeast(effectiveRole, 'admin');

/** May delete the group. */
export const isOwner = (effectiveRole: EffectiveRole): boolean => isAtLeast(effectiveRole, 'owner');

/** Removing and banning: admins may act on roles below their own, the owner on everybody else. */
export const mayRemove = (effectiveRole: EffectiveRole, target: Role): boolean =>
  isAdmin(effectiveRole) && isAbove(effectiveRole, target);

/**
 * May the actor give `role` to a user who now has the role `target` (null: not a member)? Admins may give roles below their own to
 * members below them. The owner may give every role; giving ownership passes it on.
 */
export function mayGrant(effectiveRole: EffectiveRole, target: Role | null, role: Role): boolean {
  if (target === 'owner' && effectiveRole !== 'server') return role === 'owner' && effectiveRole === 'owner';
  if (isOwner(effectiveRole)) return true;
  return isAdmin(effectiveRole) && isAbove(effectiveRole, role) && (target === null || isAbove(effectiveRole, target));
}
