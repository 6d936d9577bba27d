import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { findContext } from '#caas/platform/http';
import { Log } from '#caas/platform/logging';
import { SEEN_AGAIN_AFTER_MS, UsersService } from '../users.service';

const MAX_REMEMBERED = 50_000;

/**
 * Records that a user was active, after the response has been sent. A Fastify hook rather than an interceptor: it costs one map lookup
 * per request, and one write per user and minute.
 */
@Injectable()
export class SeenHook implements OnModuleInit {
  private readonly noted = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: SEEN_AGAIN_AFTER_MS });

  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly users: UsersService,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onResponse', (request, _reply, done) => {
      const ctx = findContext(request);
      if (ctx?.actor.kind === 'user' && ctx.actor.via === 'token') this.note(ctx);
      done();
    });
  }

  private note(ctx: RequestContext): void {
    const key = `${ctx.tenantId}/${ctx.user.user_external_id}`;
    if (this.noted.has(key)) return;
    this.noted.set(key, true);
    this.users.markSeen(ctx).catch((error: Error) => {
      this.noted.delete(key);
      this.log.root.warn({ tenant_id: ctx.tenantId, reason: error.message }, 'last_seen_at not noted');
    });
  }
}
