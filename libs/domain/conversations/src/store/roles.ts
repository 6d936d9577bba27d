export const ROLES = ['owner', 'admin', 'moderator', 'member'] as const;
/** What a member is in a group or channel. Each may all that those after it may; of owners there is one. */
export type Role = (typeof ROLES)[number];

/** The tenant's own server, as nobody in particular, stands above all members. */
const EFFECTIVE_ROLES = ['server', ...ROLES] as const;
export type EffectiveRole = (typeof EFFECTIVE_ROLES)[number];

const isAtLeast = (one: EffectiveRole, least: EffectiveRole): boolean =>
  EFFECTIVE_ROLES.indexOf(one) <= EFFECTIVE_ROLES.indexOf(least);
const isAbove = (one: EffectiveRole, other: EffectiveRole): boolean => !isAtLeast(other, one);

/** Keeps order among the members: posts in channels, pins, deletes what others wrote. */
export const isModerator = (effectiveRole: EffectiveRole): boolean => isAtLeast(effectiveRole, 'moderator');

/** Decides who is in and what it is called: adds members, makes invites, changes name and description. */
export const isAdmin = (effectiveRole: EffectiveRole): boolean => isAtLeast(effectiveRole, 'admin');

/** Decides whether there is a group at all. */
export const isOwner = (effectiveRole: EffectiveRole): boolean => isAtLeast(effectiveRole, 'owner');

/** Removing and banning: admins those below them, the owner everybody else. */
export const mayRemove = (effectiveRole: EffectiveRole, target: Role): boolean =>
  isAdmin(effectiveRole) && isAbove(effectiveRole, target);

/**
 * Making `target` a `role`, or somebody who is not in yet (null). Admins give what is below their own to those below them; the
 * owner gives everything, ownership too, which passes on with it.
 */
export function mayGrant(effectiveRole: EffectiveRole, target: Role | null, role: Role): boolean {
  if (target === 'owner' && effectiveRole !== 'server') return role === 'owner' && effectiveRole === 'owner';
  if (isOwner(effectiveRole)) return true;
  return isAdmin(effectiveRole) && isAbove(effectiveRole, role) && (target === null || isAbove(effectiveRole, target));
}
