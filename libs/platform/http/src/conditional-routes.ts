import type { FastifyInstance } from 'fastify';
import { WRITES } from './preconditions';
import type { RouteOptions } from './route-config';

interface Route {
  method: string;
  path: string;
  options: RouteOptions;
}

/**
 * Keeps an app from starting when a route changes a resource that has an ETag and takes no conditions: it would overwrite what a
 * client asked to keep, and no client could know.
 * @throws Error from `listen`, with every such route
 */
export function requireConditionalWrites(fastify: FastifyInstance): void {
  const routes: Route[] = [];
  fastify.addHook('onRoute', ({ method, url, config }) => {
    const options = (config ?? {}) as RouteOptions;
    // Names of parameters are each controller's own.
    const path = url.replace(/:[^/]+/g, ':');
    for (const each of [method].flat()) routes.push({ method: each, path, options });
  });
  fastify.addHook('onReady', (done) => {
    const tagged = new Set(routes.filter(({ options }) => options.hasEntityTag).map(({ path }) => path));
    const deaf = routes.filter(
      ({ method, path, options }) => WRITES.has(method) && tagged.has(path) && !options.isConditional,
    );
    if (deaf.length === 0) return done();
    const names = deaf.map(({ method, path }) => `${method} ${path}`).join(', ');
    done(new Error(`These routes change a resource with an ETag and have no @Conditional() parameter: ${names}`));
  });
}
