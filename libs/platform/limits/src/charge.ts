import { SetMetadata } from '@nestjs/common';

/** Kinds of calls, each with a budget of its own, so that one who searches too much can still send. */
export const RATE_CLASSES = ['read', 'write', 'send', 'search', 'upload', 'keys', 'admin', 'connect'] as const;
export type RateClass = (typeof RATE_CLASSES)[number];

/** What one call takes from the budget of its class. */
export interface Charge {
  readonly rateClass: RateClass;
  readonly points: number;
}

const CHARGE = Symbol('charge');
const READ: Charge = { rateClass: 'read', points: 1 };
const WRITE: Charge = { rateClass: 'write', points: 1 };
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * What a route, a controller or a socket message counts as, where it is not what it would be by itself: `GET` a read of one
 * point, everything else a write of one.
 * @param points more than one for what costs as much as that many ordinary calls
 */
export const RateLimited = (rateClass: RateClass, points = 1): MethodDecorator & ClassDecorator =>
  SetMetadata(CHARGE, { rateClass, points } satisfies Charge);

/** @param method of HTTP; a message over a socket has none */
export function chargeOf(handler: object, controller: object | null, method: string | null): Charge {
  const own = Reflect.getMetadata(CHARGE, handler) as Charge | undefined;
  const shared = controller && (Reflect.getMetadata(CHARGE, controller) as Charge | undefined);
  return own ?? shared ?? (method !== null && READING.has(method) ? READ : WRITE);
}
