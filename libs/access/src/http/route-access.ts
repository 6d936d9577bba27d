import { Injectable, RequestMethod, type OnModuleInit } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/internal';
import { DiscoveryService, HttpAdapterHost, MetadataScanner } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from '#caas/kernel';
import { bindContext, handlerNameOf, peerOf, refuseUntakenConditions } from '#caas/platform/http';
import { chargeOf, RateLimits, subjectOf, type Charge } from '#caas/platform/limits';
import { Authenticator } from '../authenticator';
import type { CredentialAttempt } from '../failed-auth-events';
import { FailedAuthLimiter } from '../limits/failed-auth-limiter';
import { setRateLimitFields, EarlyRateLimit } from '../limits/early-rate-limit';
import { ROUTE_AUTH, type RouteAuth } from './access.guard';
import { markAdmitted } from './admission';
import { bindOperator } from './operator';
import { OperatorAuth } from './operator-auth';

/** Matches everything sent as a server key, valid or not. */
const IS_SERVER_KEY = /^bearer sk_/i;

interface Route {
  door: RouteAuth;
  charge: Charge;
}

type Request = FastifyRequest<{ Querystring: Record<string, unknown> }>;

/**
 * Checks the credential of each request before its body is read. It is a Fastify hook, since Nest guards run after that. A route
 * without a decorator accepts any credential of a tenant, and is charged as a read or a write.
 */
@Injectable()
export class RouteAccess implements OnModuleInit {
  /** By Nest's name for a route's handler: `FilesController.upload`. */
  private readonly routes = new Map<string, Route>();

  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly authenticator: Authenticator,
    private readonly operators: OperatorAuth,
    private readonly failedAuth: FailedAuthLimiter,
    private readonly limits: RateLimits,
    private readonly unread: EarlyRateLimit,
  ) {}

  onModuleInit(): void {
    this.collect();
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', async (request, reply) => {
      const route = this.routes.get(handlerNameOf(request));
      // Routes without a controller, such as health and Bull Board, have checks of their own.
      if (route) await this.admit(request as Request, reply, route);
    });
  }

  private async admit(request: Request, reply: FastifyReply, { door, charge }: Route): Promise<void> {
    const isOpen = door === 'public' || (door === 'signed' && request.query.signature !== undefined);
    if (door === 'platform') bindOperator(request, await this.operators.authenticate(request));
    else if (!isOpen) await this.admitTenant(request, reply, door, charge);
    refuseUntakenConditions(request);
    markAdmitted(request);
  }

  private async admitTenant(request: Request, reply: FastifyReply, door: RouteAuth, charge: Charge): Promise<void> {
    this.unread.requireOpen(request, reply, charge);
    const ctx = await this.authenticate(request);
    bindContext(request, ctx);
    await this.spend(ctx, charge, request, reply);
    if (door === 'user') void ctx.user;
    if (door === 'server') ctx.requireServer();
  }

  private authenticate(request: Request): Promise<RequestContext> {
    const { authorization, 'x-acting-user': actingUser } = request.headers;
    const attempt: CredentialAttempt = { requestId: request.id };
    const credential = IS_SERVER_KEY.test(authorization ?? '') ? 'server_key' : 'user_token';
    return this.failedAuth.verify({ credential, peer: peerOf(request), attempt }, () =>
      this.authenticator.authenticate({
        authorization,
        actingUser: Array.isArray(actingUser) ? actingUser.join() : actingUser,
        attempt,
      }),
    );
  }

  /** @throws CaasError `rate_limited` (429) */
  private async spend(ctx: RequestContext, charge: Charge, request: FastifyRequest, reply: FastifyReply) {
    const { refusedBy, reported } = await this.limits.spend(ctx, charge);
    setRateLimitFields(reply, reported);
    if (!refusedBy) return;
    this.unread.remember(request, subjectOf(ctx));
    throw refusedBy.refusal();
  }

  /** @throws Error when two controllers have the same name, since routes are identified by it */
  private collect(): void {
    const seen = new Set<string>();
    for (const { metatype, name } of this.discovery.getControllers()) {
      if (typeof metatype !== 'function') continue;
      if (seen.has(name)) throw new Error(`Two controllers are named ${name}.`);
      seen.add(name);
      const prototype = metatype.prototype as Record<string, object>;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        if (!Reflect.hasMetadata(METHOD_METADATA, prototype[method]!)) continue;
        this.routes.set(`${name}.${method}`, routeOf(prototype[method]!, metatype));
      }
    }
  }
}

function routeOf(handler: object, controller: object): Route {
  const door = (Reflect.getMetadata(ROUTE_AUTH, handler) ??
    Reflect.getMetadata(ROUTE_AUTH, controller) ??
    'tenant') as RouteAuth;
  const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod] ?? null;
  return { door, charge: chargeOf(handler, controller, method) };
}
