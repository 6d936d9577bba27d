import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { rateLimitFields, RateLimits, type Charge, type Subject } from '#caas/platform/limits';

const MAX_REMEMBERED = 10_000;
const REMEMBERED_MS = 60_000;

/**
 * Refuses calls before their credentials are verified, as sockets refuse messages before they parse them. For that it remembers
 * the owner of each credential that was verified once and then refused by a limit.
 */
@Injectable()
export class EarlyRateLimit {
  private readonly refused = new LRUCache<string, Subject>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });

  constructor(private readonly limits: RateLimits) {}

  /** @throws CaasError `rate_limited` (429) */
  requireOpen(request: FastifyRequest, reply: FastifyReply, charge: Charge): void {
    const subject = this.refused.size === 0 ? undefined : this.refused.get(request.headers.authorization ?? '');
    const budget = subject && this.limits.exhausted(subject, charge);
    if (!budget) return;
    setRateLimitFields(reply, [budget]);
    throw budget.refusal();
  }

  remember({ headers }: FastifyRequest, subject: Subject): void {
    if (headers.authorization !== undefined) this.refused.set(headers.authorization, subject);
  }
}

export function setRateLimitFields(reply: FastifyReply, budgets: Parameters<typeof rateLimitFields>[0]): void {
  if (budgets.length > 0) void reply.headers(rateLimitFields(budgets));
}
