import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { rateLimitFields, RateLimits, type Charge, type Subject } from '#caas/platform/limits';

const MAX_REMEMBERED = 10_000;
const REMEMBERED_MS = 60_000;

/**
 * Refuses calls before their bodies are read, as sockets do before they parse. Whose credential it is must be known for that: it
 * is remembered of those that were refused once, after they had been verified.
 */
@Injectable()
export class UnreadRefusals implements OnModuleInit {
  private readonly refused = new LRUCache<string, Subject>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });
  private readonly charges = new Map<string, Charge>();

  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly limits: RateLimits,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, reply, done) => {
      const lease = this.refused.size === 0 ? null : this.shut(request);
      if (!lease) return done();
      setRateLimitFields(reply, [lease]);
      done(lease.refusal());
    });
  }

  remember(request: FastifyRequest, subject: Subject, charge: Charge): void {
    const { authorization } = request.headers;
    if (authorization !== undefined) this.refused.set(authorization, subject);
    this.charges.set(routeOf(request), charge);
  }

  private shut(request: FastifyRequest) {
    const subject = this.refused.get(request.headers.authorization ?? '');
    const charge = subject && this.charges.get(routeOf(request));
    return charge ? this.limits.shut(subject, charge) : null;
  }
}

const routeOf = ({ method, routeOptions }: FastifyRequest) => `${method} ${routeOptions.url}`;

export function setRateLimitFields(reply: FastifyReply, leases: Parameters<typeof rateLimitFields>[0]): void {
  if (leases.length > 0) void reply.headers(rateLimitFields(leases));
}
