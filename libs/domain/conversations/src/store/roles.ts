export const ROLES = ['owner', 'admin', 'moderator', 'member'] as const;
/** What a member is in a group or channel. Each may all that those after it may; of owners there is one. */
export type Role = (typeof ROLES)[number];

/** The tenant's own server, as nobody in particular, stands above all members. */
const STANDINGS = ['server', ...ROLES] as const;
export type Standing = (typeof STANDINGS)[number];

const isAtLeast = (one: Standing, least: Standing): boolean => STANDINGS.indexOf(one) <= STANDINGS.indexOf(least);
const isAbove = (one: Standing, other: Standing): boolean => !isAtLeast(other, one);

/** Keeps order among the members: posts in channels, pins, deletes what others wrote. */
export const isModerator = (standing: Standing): boolean => isAtLeast(standing, 'moderator');

/** Decides who is in and what it is called: adds members, makes invites, changes name and description. */
export const isAdmin = (standing: Standing): boolean => isAtLeast(standing, 'admin');

/** Decides whether there is a group at all. */
export const isOwner = (standing: Standing): boolean => isAtLeast(standing, 'owner');

/** Removing and banning: admins those below them, the owner everybody else. */
export const mayRemove = (standing: Standing, target: Role): boolean => isAdmin(standing) && isAbove(standing, target);

/**
 * Making `target` a `role`, or somebody who is not in yet (null). Admins give what is below their own to those below them; the
 * owner gives everything, ownership too, which passes on with it.
 */
export function mayGrant(standing: Standing, target: Role | null, role: Role): boolean {
  if (target === 'owner' && standing !== 'server') return role === 'owner' && standing === 'owner';
  if (isOwner(standing)) return true;
  return isAdmin(standing) && isAbove(standing, role) && (target === null || isAbove(standing, target));
}
