import { createParamDecorator, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalid, parsePageRequest, type PageRequest } from '#caas/kernel';

const ALLOWED_QUERY = Symbol('allowed query');
const NONE: readonly string[] = [];
export const PAGE_QUERY = ['cursor', 'limit', 'direction'] as const;

/** Names the query parameters a route takes; any other, and any that is not one text, is a 400. */
export const AllowQuery = (...names: string[]) => SetMetadata(ALLOWED_QUERY, names);

/** `?cursor=&limit=&direction=`; needs `@AllowQuery(...PAGE_QUERY)`. */
export const PageQuery = createParamDecorator((_data: unknown, host: ExecutionContext): PageRequest =>
  parsePageRequest(host.switchToHttp().getRequest<FastifyRequest<{ Querystring: Record<string, string> }>>().query),
);

/** Refuses what nobody asked for, on every route: options smuggled in a query reach no code at all. */
@Injectable()
export class QueryGuard implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    if (host.getType() !== 'http') return true;
    const { query } = host.switchToHttp().getRequest<FastifyRequest<{ Querystring: Record<string, unknown> }>>();
    for (const name in query) {
      const handler = host.getHandler();
      const allowed = (Reflect.getMetadata(ALLOWED_QUERY, handler) as readonly string[] | undefined) ?? NONE;
      if (!allowed.includes(name)) {
        throw invalid('unknown_parameter', `This route takes no parameter "${shown(name)}".`, [
          { field: shown(name), message: 'is not known here' },
        ]);
      }
      if (typeof query[name] !== 'string') {
        throw invalid('invalid_parameter', `The parameter "${name}" must be given once, as text.`, [
          { field: name, message: 'must be given once' },
        ]);
      }
    }
    return true;
  }
}

const shown = (name: string) => name.slice(0, 64);
