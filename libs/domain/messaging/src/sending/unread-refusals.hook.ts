import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { TenantId } from '#caas/kernel';
import { findContext } from '#caas/platform/http';
import { SendRates } from './send-rates';

const SEND = '/v1/conversations/:id/messages';
const MAX_REMEMBERED = 10_000;
const REMEMBERED_MS = 60_000;

/**
 * Refuses sends over REST before their bodies are read, as sockets do before they parse. Whose credential it is must be known
 * for that: it is remembered of those that were refused once, after they had been verified.
 */
@Injectable()
export class UnreadRefusalsHook implements OnModuleInit {
  private readonly refused = new LRUCache<string, TenantId>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });

  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly rates: SendRates,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, _reply, done) => {
      const tenantId = isSend(request) && this.refused.get(request.headers.authorization ?? '');
      if (tenantId && this.rates.isShut(tenantId)) done(this.rates.refusal());
      else done();
    });
    fastify.addHook('onResponse', (request, reply, done) => {
      if (reply.statusCode === 429 && isSend(request)) this.remember(request);
      done();
    });
  }

  private remember(request: FastifyRequest): void {
    const ctx = findContext(request);
    const { authorization } = request.headers;
    if (ctx && authorization !== undefined) this.refused.set(authorization, ctx.tenantId);
  }
}

const isSend = ({ method, routeOptions }: FastifyRequest) => method === 'POST' && routeOptions.url === SEND;
