import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isAdmitted } from './admission';

export type RouteAuth = 'tenant' | 'user' | 'server' | 'platform' | 'public' | 'signed';
export const ROUTE_AUTH = Symbol('door');

/** Anyone may call it; it reaches no tenant data. */
export const PublicRoute = () => SetMetadata(ROUTE_AUTH, 'public' satisfies RouteAuth);
/** For operators, with the platform key. */
export const PlatformRoute = () => SetMetadata(ROUTE_AUTH, 'platform' satisfies RouteAuth);
/** Requires a user: a server key without an acting user is a 400 `acting_user_required`. */
export const UserRoute = () => SetMetadata(ROUTE_AUTH, 'user' satisfies RouteAuth);
/** Requires the tenant's own server: a user token is a 403 `server_key_required`. */
export const ServerRoute = () => SetMetadata(ROUTE_AUTH, 'server' satisfies RouteAuth);

/** Also accepts signed links: with `?signature=` no credential is checked, and the route verifies the signature itself. */
export const PublicWhenSigned = () => SetMetadata(ROUTE_AUTH, 'signed' satisfies RouteAuth);

/**
 * Guards every HTTP route. `RouteAccess` has checked the credential before the body was read; a route that was not checked there
 * never runs.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    if (host.getType() !== 'http') return true;
    if (isAdmitted(host.switchToHttp().getRequest<FastifyRequest>())) return true;
    throw new Error(`${host.getClass().name}.${host.getHandler().name} was reached past the check of credentials`);
  }
}
