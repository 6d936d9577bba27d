import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** What hooks of the server know of a route. */
export interface RouteOptions {
  /** The largest body, instead of `BODY_LIMIT_BYTES`. */
  bodyLimitBytes?: number;
  /** Media types that it reads by itself, beside JSON. */
  bodyTypes?: readonly string[];
  /** What Nest calls its handler, such as `FilesController.upload`. */
  handlerName?: string;
  /** It answers one resource, whose states are told apart by an ETag. */
  hasEntityTag?: boolean;
  /** It hands the conditions of a request to the code that writes. */
  isConditional?: boolean;
  /** No cache may keep anything that it answers. */
  isSecret?: boolean;
}

/** By route handler. Nest keeps one config for each: decorators of ours add to it instead of taking each other's place. */
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
