import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isAdmitted } from './admission';

export type RouteAuth = 'tenant' | 'user' | 'server' | 'platform' | 'public' | 'signed';
export const ROUTE_AUTH = Symbol('door');

/** Anyone may call it; it reaches no tenant data. */
export const PublicRoute = () => SetMetadata(ROUTE_AUTH, 'public' satisfies RouteAuth);
/** For operators, with the platform key. */
export const PlatformRoute = () => SetMetadata(ROUTE_AUTH, 'platform' satisfies RouteAuth);
/** Needs to know for which user it runs: a server key alone is a 400 `acting_user_required`. */
export const UserRoute = () => SetMetadata(ROUTE_AUTH, 'user' satisfies RouteAuth);
/** For the tenant's own server: a user token is a 403 `server_key_required`. */
export const ServerRoute = () => SetMetadata(ROUTE_AUTH, 'server' satisfies RouteAuth);

/** Also for whoever has a signed link: with `?signature=` no credential is looked at, and the route checks the signature itself. */
export const PublicWhenSigned = () => SetMetadata(ROUTE_AUTH, 'signed' satisfies RouteAuth);

/**
 * Stands before every HTTP route, behind `RouteAccess`, which has checked the credential before the body was read: a route that was
 * not checked there is never run.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    if (host.getType() !== 'http') return true;
    if (isAdmitted(host.switchToHttp().getRequest<FastifyRequest>())) return true;
    throw new Error(`${host.getClass().name}.${host.getHandler().name} was reached past the check of credentials`);
  }
}
