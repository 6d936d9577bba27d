import type { FastifyInstance } from 'fastify';
import { WRITES } from './preconditions';
import type { RouteOptions } from './route-config';

interface Route {
  method: string;
  path: string;
  options: RouteOptions;
}

/**
 * Stops the start when a route changes a resource that has an ETag but takes no conditions. Such a route would overwrite changes
 * in spite of a client's `If-Match`, and the client could not know.
 * @throws Error from `listen`, with every such route
 */
export function requireConditionalWrites(fastify: FastifyInstance): void {
  const routes: Route[] = [];
  fastify.addHook('onRoute', ({ method, url, config }) => {
    const options = (config ?? {}) as RouteOptions;
    // Controllers choose the names of parameters, so names are ignored.
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
