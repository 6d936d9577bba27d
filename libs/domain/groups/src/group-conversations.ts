import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import type { GroupType } from './persistence/group.schema';
import type { Member } from './persistence/member.schema';
import type { Role, Standing } from './roles';

/** What a guard sees, inside the transaction of the change. */
export interface MembershipScope {
  tx: RequestContext;
  /** The actor's; null for somebody who is not a member. */
  standing: Standing | null;
  /** What whom it is about is now; null for somebody who is not in. */
  target: Role | null;
}

/**
 * Refuses a change by throwing, and writes through `tx` what belongs to it: all or nothing. It runs again after a conflict, so
 * it must have no other effect.
 */
export type MembershipGuard = (scope: MembershipScope) => Promise<void> | void;

export interface NewGroupConversation {
  group_id: ObjectId;
  type: GroupType;
  name: string;
  history?: 'all' | 'joined';
}

/** What a group needs of the conversation that it owns; messaging answers. Ids are of conversations. */
export abstract class GroupConversations {
  /** Opens one with the actor as its owner, in the transaction of `tx`. */
  abstract open(tx: RequestContext, wanted: NewGroupConversation, others: UserReference[]): Promise<ObjectId>;

  /** How many members each has; those that are gone are missing. */
  abstract memberCounts(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, number>>;

  /** Runs `guard` in the conversation's turn, and names it when there is a new name. */
  abstract change(ctx: RequestContext, id: ObjectId, name: string | undefined, guard: MembershipGuard): Promise<void>;

  /** False for somebody who was a member already: `guard` is not asked then. @throws CaasError `banned` (403) */
  abstract admit(ctx: RequestContext, id: ObjectId, user: UserReference, guard: MembershipGuard): Promise<boolean>;

  /** Lets somebody in with a role, or gives them another. Who makes somebody else the owner becomes an admin. */
  abstract put(
    ctx: RequestContext,
    id: ObjectId,
    user: UserReference,
    role: Role,
    guard: MembershipGuard,
  ): Promise<{ member: Member; created: boolean }>;

  /** False for somebody who was not in: `guard` is asked all the same. */
  abstract expel(ctx: RequestContext, id: ObjectId, user: UserReference, guard: MembershipGuard): Promise<boolean>;

  /** For good, for all of its members. */
  abstract close(ctx: RequestContext, id: ObjectId, guard: MembershipGuard): Promise<void>;
}
