import { createParamDecorator, Injectable, Query, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ApiPropertyOptional, ApiQuery, type ApiParamOptions } from '@nestjs/swagger';
import { Allow, IsOptional } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import {
  DEFAULT_PAGE_LIMIT,
  invalid,
  MAX_PAGE_LIMIT,
  parsePageRequest,
  type CursorKind,
  type PageRequest,
} from '#caas/kernel';

const ALLOWED_QUERY = Symbol('allowed query');
/** The DTO names the parameters: see `QueryParams`. */
const CHECKED_BY_DTO = '*';
const NONE: readonly string[] = [];

export const PAGE_QUERY = ['cursor', 'limit', 'direction'] as const;

/** Names of parameters that hold a time. */
const TIME_NAME = /(^|_)(at|until|since|before|after|from|to|date|time)$/;

/**
 * Names the query parameters that a route takes. Any other parameter, and a repeated or nested one, is a 400.
 * @throws Error, at start, for a time: it must be a DTO field with `@IsInstant()`, see `QueryParams`
 */
export const AllowQuery =
  (...names: string[]): MethodDecorator =>
  (_target, _property, descriptor) => {
    const time = names.find((name) => TIME_NAME.test(name));
    if (time !== undefined)
      throw new Error(`The query parameter "${time}" names a time: declare it in a DTO, with IsInstant.`);
    allow(descriptor.value as object, names);
  };

const pageOfQuery = createParamDecorator((cursors: CursorKind, host: ExecutionContext): PageRequest => {
  const { query } = host.switchToHttp().getRequest<FastifyRequest<{ Querystring: Record<string, string> }>>();
  return parsePageRequest(query, cursors);
});

/** `?cursor=&limit=&direction=` as a `PageRequest`. */
export const PageQuery =
  (cursors: CursorKind = 'id'): ParameterDecorator =>
  (target, property, index) => {
    const handler = handlerOf(target, property);
    allow(handler, PAGE_QUERY);
    pageOfQuery(cursors)(target, property, index);
    for (const [name, description, schema] of PAGE_QUERY_DOCS) {
      ApiQuery({ name, description, required: false, schema })(target, property!, { value: handler } as never);
    }
  };

type SchemaObject = Extract<ApiParamOptions, { schema?: unknown }>['schema'];

const PAGE_QUERY_DOCS: [name: string, description: string, schema: SchemaObject][] = [
  ['cursor', 'the next_cursor of the page before', { type: 'string' }],
  [
    'limit',
    'entries on the page',
    { type: 'integer', minimum: 1, maximum: MAX_PAGE_LIMIT, default: DEFAULT_PAGE_LIMIT },
  ],
  [
    'direction',
    'to older entries, or to newer ones',
    { type: 'string', enum: ['backward', 'forward'], default: 'backward' },
  ],
];

/**
 * The query as a DTO, whose fields are the only allowed parameters: `list(@QueryParams() query: ListMessagesQuery)`. A paged
 * route also takes `@PageQuery()`, and its DTO extends `PageQueryDto`.
 */
export const QueryParams = (): ParameterDecorator => (target, property, index) => {
  allow(handlerOf(target, property), [CHECKED_BY_DTO]);
  Query()(target, property, index);
};

/** Lets the paging parameters pass; `@PageQuery()` reads and checks them. */
export class PageQueryDto {
  @IsOptional()
  @Allow()
  @ApiPropertyOptional({ description: 'the next_cursor of the page before', type: 'string' })
  cursor?: unknown;

  @IsOptional()
  @Allow()
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_PAGE_LIMIT, default: DEFAULT_PAGE_LIMIT })
  limit?: unknown;

  @IsOptional()
  @Allow()
  @ApiPropertyOptional({ type: 'string', enum: ['backward', 'forward'], default: 'backward' })
  direction?: unknown;
}

/** Refuses undeclared query parameters on every route, so that smuggled options reach no code. */
@Injectable()
export class QueryGuard implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    if (host.getType() !== 'http') return true;
    const { query } = host.switchToHttp().getRequest<FastifyRequest<{ Querystring: Record<string, unknown> }>>();
    for (const name in query) {
      const allowed = (Reflect.getMetadata(ALLOWED_QUERY, host.getHandler()) as readonly string[] | undefined) ?? NONE;
      if (!allowed.includes(name) && !allowed.includes(CHECKED_BY_DTO)) {
        throw invalid('unknown_parameter', `This route takes no parameter "${shown(name)}".`, [
          { field: shown(name), message: 'is not known here' },
        ]);
      }
      if (typeof query[name] !== 'string') {
        throw invalid('invalid_parameter', `The parameter "${shown(name)}" must be given once, as text.`, [
          { field: shown(name), message: 'must be given once' },
        ]);
      }
    }
    return true;
  }
}

const shown = (name: string) => name.slice(0, 64);

function handlerOf(target: object, property: string | symbol | undefined): object {
  return (target as Record<string | symbol, object>)[property!]!;
}

function allow(handler: object, names: readonly string[]): void {
  const before = (Reflect.getMetadata(ALLOWED_QUERY, handler) as readonly string[] | undefined) ?? NONE;
  Reflect.defineMetadata(ALLOWED_QUERY, [...before, ...names], handler);
}
