import type { RequestContext } from '#caas/kernel';
import type { Role, EffectiveRole } from '../store/roles';

/** What a guard sees, inside the transaction of the change. */
export interface MembershipScope {
  tx: RequestContext;
  /** The actor's role; null when the actor is not a member. */
  effectiveRole: EffectiveRole | null;
  /** The current role of the user whom the change is about; null when that user is not a member. */
  target: Role | null;
}

/**
 * Refuses a change by throwing, and writes through `tx` what must be committed with the change. It runs again after a conflict, so
 * it must have no other effect.
 */
export type MembershipGuard = (scope: MembershipScope) => Promise<void> | void;
