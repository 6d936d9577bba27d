export const ROLES = ['owner', 'admin', 'moderator', 'member'] as const;
/** What a member may do in a group or channel. Each may all that those after it may; of owners there is one. */
export type Role = (typeof ROLES)[number];

const isAtLeast = (role: Role, least: Role): boolean => ROLES.indexOf(role) <= ROLES.indexOf(least);

/** Keeps order among the members: posts in channels, pins, deletes what others wrote. */
export const isModerator = (role: Role): boolean => isAtLeast(role, 'moderator');
