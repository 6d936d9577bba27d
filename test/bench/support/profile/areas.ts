/** What the time of a server is spent for. Of two that fit, the first counts. */
const AREAS = {
  JSON: /\/named-json\.[jt]s$/,
  'socket.io-parser': /\/node_modules\/socket\.io-parser\//,
  'redis-streams adapter': /\/node_modules\/(@socket\.io\/redis-streams-adapter|@msgpack)\//,
  'socket.io, engine.io, ws': /\/node_modules\/(socket\.io|socket\.io-adapter|engine\.io|engine\.io-parser|ws)\//,
  'mongodb driver': /\/node_modules\/mongodb\//,
  bson: /\/node_modules\/bson\//,
  mongoose: /\/node_modules\/(mongoose|mquery|mpath|kareem|@nestjs\/mongoose)\//,
  ioredis: /\/node_modules\/(ioredis|@ioredis|redis-parser|denque)\//,
  'validation of input':
    /\/libs\/platform\/http\/src\/(input|text-fields|path-params|fields|query)|\/checked-decoder\.[jt]s$|\/(class-validator|class-transformer|zod|validator)\//,
  limits:
    /\/libs\/platform\/limits\/|\/node_modules\/rate-limiter-flexible\/|\/token-bucket\.[jt]s$|\/flood-[a-z]+\.[jt]s$/,
  'access and context': /\/libs\/(access|kernel|platform\/cache)\//,
  'tenancy: repository, guard, firewall': /\/libs\/tenancy\//,
  'realtime of ours': /\/libs\/platform\/realtime\//,
  'logs and metrics': /\/libs\/platform\/(logging|metrics)\/|\/node_modules\/(pino|prom-client|sonic-boom)\//,
  'messaging and other domains': /\/libs\/(domain|contracts)\//,
  'other of ours': /\/dist\/(apps|libs)\//,
  'other packages': /\/node_modules\//,
} satisfies Record<string, RegExp>;

const OF_V8 = {
  '(garbage collector)': 'garbage collection',
  // Outside of any function: the event loop, its system calls, compiling, and what else V8 does by itself.
  '(program)': 'native: event loop, system calls, V8',
  '(root)': 'native: event loop, system calls, V8',
} as const;

/** Node's own functions, where no package and nothing of ours called them. */
const OF_NODE = 'Node: streams, timers, promises';

export type Area = keyof typeof AREAS | (typeof OF_V8)[keyof typeof OF_V8] | typeof OF_NODE;

/**
 * What a function worked for. Native functions and Node's own work for whoever called them.
 *
 * @param stack the function itself first, then who called it
 * @returns null when the thread waited
 */
export function areaOf(stack: { functionName: string; url: string }[]): Area | null {
  const [own] = stack;
  if (own!.functionName === '(idle)') return null;
  if (Object.hasOwn(OF_V8, own!.functionName)) return OF_V8[own!.functionName as keyof typeof OF_V8];
  for (const { url } of stack) {
    if (url === '' || url.startsWith('node:')) continue;
    for (const [area, pattern] of Object.entries(AREAS)) if (pattern.test(url)) return area as Area;
  }
  return OF_NODE;
}
