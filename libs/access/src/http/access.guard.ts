import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bindContext } from '#caas/platform/http';
import { Authenticator } from '../authenticator';
import { PlatformKeys } from '../credentials/platform-key';
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

/** Stands before every HTTP route. One that says nothing about itself takes any credential of a tenant. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly doors = new WeakMap<object, Door>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly platformKeys: PlatformKeys,
  ) {}

  async canActivate(host: ExecutionContext): Promise<boolean> {
    if (host.getType() !== 'http') return true;
    const door = this.doorOf(host);
    if (door === 'public') return true;
    const request = host.switchToHttp().getRequest<FastifyRequest<{ Querystring: Record<string, unknown> }>>();
    if (door === 'signed' && request.query.signature !== undefined) return true;
    if (door === 'platform') {
      bindOperator(request, this.platformKeys.verify(request.headers.authorization, request.method));
      return true;
    }
    const actingUser = request.headers['x-acting-user'];
    const ctx = await this.authenticator.authenticate({
      authorization: request.headers.authorization,
      actingUser: Array.isArray(actingUser) ? actingUser.join() : actingUser,
      requestId: request.id,
    });
    bindContext(request, ctx);
    if (door === 'user') void ctx.user;
    if (door === 'server') ctx.requireServer();
    return true;
  }

  private doorOf(host: ExecutionContext): Door {
    const handler = host.getHandler();
    let door = this.doors.get(handler);
    if (!door) {
      door = (Reflect.getMetadata(DOOR, handler) ?? Reflect.getMetadata(DOOR, host.getClass()) ?? 'tenant') as Door;
      this.doors.set(handler, door);
    }
    return door;
  }
}
