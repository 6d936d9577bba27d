import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Options of a route that the server's hooks use. */
export interface RouteOptions {
  /** The largest body, instead of `BODY_LIMIT_BYTES`. */
  bodyLimitBytes?: number;
  /** Media types that the route reads itself, besides JSON. */
  bodyTypes?: readonly string[];
  /** Nest's name for the handler, such as `FilesController.upload`. */
  handlerName?: string;
  /** The route answers one resource with an ETag. */
  hasEntityTag?: boolean;
  /** The route passes the conditions of a request to the code that writes. */
  isConditional?: boolean;
  /** Caches must not store the route's answers. */
  isSecret?: boolean;
}

/** By route handler. Nest keeps one config object per handler: our decorators add to it instead of replacing each other's options. */
const known = new WeakMap<object, RouteOptions>();

export const routeOption =
  (added: RouteOptions): MethodDecorator =>
  (target, property, descriptor) => {
    const handler = descriptor.value as object;
    const options = { ...known.get(handler), ...added };
    known.set(handler, options);
    RouteConfig(options)(target, property, descriptor);
  };

export const routeOptionsOf = ({ routeOptions }: FastifyRequest): RouteOptions =>
  (routeOptions.config as RouteOptions | undefined) ?? {};
