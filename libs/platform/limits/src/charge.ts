import { SetMetadata } from '@nestjs/common';

/** Classes of calls. Each has a budget of its own, so a user who searches too much can still send. */
export const RATE_CLASSES = ['read', 'write', 'send', 'search', 'upload', 'keys', 'admin', 'connect'] as const;
export type RateClass = (typeof RATE_CLASSES)[number];

/** The points that one call takes from the budget of its class. */
export interface Charge {
  readonly rateClass: RateClass;
  readonly points: number;
}

const CHARGE = Symbol('charge');
const READ: Charge = { rateClass: 'read', points: 1 };
const WRITE: Charge = { rateClass: 'write', points: 1 };
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Sets the charge of a route, a controller or a socket message. The default for `GET` is a read of one point, for everything else
 * a write of one point.
 * @param points more than one for a call that costs as much as that many ordinary calls
 */
export const RateLimited = (rateClass: RateClass, points = 1): MethodDecorator & ClassDecorator =>
  SetMetadata(CHARGE, { rateClass, points } satisfies Charge);

/** @param method the HTTP method; null for a socket message */
export function chargeOf(handler: object, controller: object | null, method: string | null): Charge {
  const own = Reflect.getMetadata(CHARGE, handler) as Charge | undefined;
  const shared = controller && (Reflect.getMetadata(CHARGE, controller) as Charge | undefined);
  return own ?? shared ?? (method !== null && READING.has(method) ? READ : WRITE);
}
