import type { RequestContext } from '#caas/kernel';
import type { RateClass } from './charge';

/** Points per minute of a tenant as a whole, and of each of its users; null where there is no limit. */
export interface ClassRates {
  readonly tenant: number | null;
  readonly user: number | null;
}

export type Rates = Readonly<Record<RateClass, ClassRates>>;

/** Implemented by the library of the tenants' settings. */
export abstract class RatePolicy {
  /** The tenant's rates as they are now: the same object as long as nothing changed. */
  abstract of(ctx: RequestContext): Promise<Rates>;
}
