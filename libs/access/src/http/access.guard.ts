import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from '#caas/kernel';
import { bindContext, refuseUntakenConditions } from '#caas/platform/http';
import { chargeOf, RateLimits, subjectOf, type Charge } from '#caas/platform/limits';
import { Authenticator } from '../authenticator';
import { PlatformKeys } from '../credentials/platform-key';
import { BadCredentials } from '../limits/bad-credentials';
import { setRateLimitFields, UnreadRefusals } from '../limits/unread-refusals';
import { bindOperator } from './operator';

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
    private readonly platformKeys: PlatformKeys,
    private readonly badCredentials: BadCredentials,
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
    const { authorization } = request.headers;
    if (door === 'platform') {
      const verify = () => this.platformKeys.verify(authorization, request.method);
      bindOperator(request, await this.badCredentials.watch(request.ip, authorization ?? '', verify));
      return;
    }
    const actingUser = request.headers['x-acting-user'];
    const ctx = await this.badCredentials.watch(request.ip, authorization ?? '', () =>
      this.authenticator.authenticate({
        authorization,
        actingUser: Array.isArray(actingUser) ? actingUser.join() : actingUser,
        requestId: request.id,
      }),
    );
    bindContext(request, ctx);
    await this.spend(ctx, charge, request, http.getResponse<FastifyReply>());
    if (door === 'user') void ctx.user;
    if (door === 'server') ctx.requireServer();
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
