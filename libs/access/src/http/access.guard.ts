import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from '#caas/kernel';
import { bindContext, peerOf, refuseUntakenConditions } from '#caas/platform/http';
import { chargeOf, RateLimits, subjectOf, type Charge } from '#caas/platform/limits';
import { Authenticator } from '../authenticator';
import type { CredentialAttempt } from '../failed-auth-events';
import { FailedAuthLimiter } from '../limits/failed-auth-limiter';
import { setRateLimitFields, UnreadRefusals } from '../limits/unread-refusals';
import { bindOperator } from './operator';
import { OperatorAuth } from './operator-auth';

type Door = 'tenant' | 'user' | 'server' | 'platform' | 'public' | 'signed';
const DOOR = Symbol('door');

/** Anyone may call it; it reaches no tenant data. */
export const PublicRoute = () => SetMetadata(DOOR, 'public' satisfies Door);
/** For operators, with the platform key. */
export const PlatformRoute = () => SetMetadata(DOOR, 'platform' satisfies Door);
/** Needs to know for which user it runs: a server key alone is a 400 `acting_user_required`. */
export const UserRoute = () => SetMetadata(DOOR, 'user' satisfies Door);
/** For the tenant's own server: a user token is a 403 `server_key_required`. */
export const ServerRoute = () => SetMetadata(DOOR, 'server' satisfies Door);

/** Also for whoever has a signed link: with `?signature=` no credential is looked at, and the route checks the signature itself. */
export const PublicWhenSigned = () => SetMetadata(DOOR, 'signed' satisfies Door);

/** What is sent as one, whether it is one or not. */
const IS_SERVER_KEY = /^bearer sk_/i;

interface Route {
  door: Door;
  charge: Charge;
}

/**
 * Stands before every HTTP route. One that says nothing about itself takes any credential of a tenant, and counts as a read or a
 * write of it.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly routes = new WeakMap<object, Route>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly operators: OperatorAuth,
    private readonly failedAuth: FailedAuthLimiter,
    private readonly limits: RateLimits,
    private readonly unread: UnreadRefusals,
  ) {}

  async canActivate(host: ExecutionContext): Promise<boolean> {
    if (host.getType() !== 'http') return true;
    await this.admit(host);
    refuseUntakenConditions(host.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }

  private async admit(host: ExecutionContext): Promise<void> {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest<{ Querystring: Record<string, unknown> }>>();
    const { door, charge } = this.routeOf(host, request.method);
    if (door === 'public' || (door === 'signed' && request.query.signature !== undefined)) return;
    if (door === 'platform') return bindOperator(request, await this.operators.authenticate(request));
    const ctx = await this.authenticate(request);
    bindContext(request, ctx);
    await this.spend(ctx, charge, request, http.getResponse<FastifyReply>());
    if (door === 'user') void ctx.user;
    if (door === 'server') ctx.requireServer();
  }

  private authenticate(request: FastifyRequest): Promise<RequestContext> {
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
    const { refusedBy, told } = await this.limits.spend(ctx, charge);
    setRateLimitFields(reply, told);
    if (!refusedBy) return;
    this.unread.remember(request, subjectOf(ctx), charge);
    throw refusedBy.refusal();
  }

  private routeOf(host: ExecutionContext, method: string): Route {
    const handler = host.getHandler();
    let route = this.routes.get(handler);
    if (!route) {
      const controller = host.getClass();
      const door = (Reflect.getMetadata(DOOR, handler) ?? Reflect.getMetadata(DOOR, controller) ?? 'tenant') as Door;
      route = { door, charge: chargeOf(handler, controller, method) };
      this.routes.set(handler, route);
    }
    return route;
  }
}
