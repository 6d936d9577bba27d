import type { FastifyInstance } from 'fastify';

/** The routes of the server, to distinguish a wrong method (405) from an unknown path (404). */
export class RouteIndex {
  private readonly methods = new Map<string, { matches: RegExp; methods: Set<string> }>();

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method }) => {
      for (const one of [method].flat()) this.add(url, one);
    });
  }

  /** The methods that the routes at `path` take; empty when there are none. */
  methodsAt(path: string): string[] {
    const found = new Set<string>();
    for (const { matches, methods } of this.methods.values()) {
      if (matches.test(path)) for (const method of methods) found.add(method);
    }
    return [...found].sort();
  }

  private add(url: string, method: string): void {
    // Nest answers OPTIONS and unknown paths with catch-all routes; these do not show which paths exist.
    if (url === '*' || url === '/*') return;
    const entry = this.methods.get(url) ?? { matches: patternOf(url), methods: new Set<string>() };
    entry.methods.add(method);
    this.methods.set(url, entry);
  }
}

/** A route's URL in find-my-way's spelling: `:name` is one segment, `*` the rest. */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) =>
      segment.startsWith(':') ? '[^/]+' : segment.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*'),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
