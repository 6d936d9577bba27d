import type { RequestContext } from '#caas/kernel';
import type { Role, EffectiveRole } from '../store/roles';

/** What a guard sees, inside the transaction of the change. */
export interface MembershipScope {
  tx: RequestContext;
  /** The actor's; null for somebody who is not a member. */
  effectiveRole: EffectiveRole | null;
  /** What whom it is about is now; null for somebody who is not in. */
  target: Role | null;
}

/**
 * Refuses a change by throwing, and writes through `tx` what belongs to it: all or nothing. It runs again after a conflict, so
 * it must have no other effect.
 */
export type MembershipGuard = (scope: MembershipScope) => Promise<void> | void;
