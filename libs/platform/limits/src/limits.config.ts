import { configSection, flag, integer } from '#caas/platform/config';

export const limitsConfig = configSection('limits', {
  RATE_LIMITS: flag({
    default: true,
    doc: 'limits how often tenants, users and addresses may call; off only behind what does',
  }),
  RATE_LIMITS_FACTOR: integer({
    default: 1,
    min: 1,
    max: 1_000_000,
    doc: 'multiplies the limits of every tenant, user and address: for load tests and first imports',
  }),
  RATE_LIMITS_PROCESSES: integer({
    default: 2,
    min: 1,
    max: 1_000,
    doc: 'how many apis share the limits: while Redis is away, each admits that part of them',
  }),
  UNAUTHENTICATED_PER_MINUTE: integer({
    default: 120,
    min: 1,
    max: 1_000_000,
    doc: 'how many calls with a bad credential one address may make; an IPv6 address counts with its /64',
  }),
});
