/**
 * The one-machine stack, for `npm start` and for tests, demo and benches.
 *
 * ```ts
 * import { startEngines, startStack } from '../../tools/stack';
 *
 * // A database and a Redis of one's own, on free ports:
 * const engines = await startEngines({ dataDir: await mkdtemp('/tmp/mine-'), durable: false });
 * engines.mongodbUri; engines.redisUrl; engines.postgresUri;
 * await engines.stop();
 *
 * // The whole system, here with two apis; `kill9` is a crash, from which it recovers by itself:
 * const stack = await startStack({ dataDir, apiProcesses: 2, workerProcesses: 1, env: { LOG_LEVEL: 'warn' } });
 * await fetch(`${stack.apiUrls[0]}/platform/v1/tenants`, { headers: { authorization: `Bearer ${stack.platformKey}` } });
 * await stack.kill9('api', 1);
 * await stack.ready();
 * await stack.stop();
 * ```
 *
 * `npm run build` comes first: what it starts is the compiled gateway, api and worker. Nothing it started outlives the process
 * that called it, even if that is killed with -9. A data folder belongs to one caller at a time.
 */
export { startEngines, type EngineOptions, type Engines } from './engines';
export { startStack, type Stack, type StackOptions } from './stack';
export { removeDataDir, type StackFile } from './data-dir';
export { waitFor } from './process/wait';
export { freePort, freePortRange } from './process/ports';
export { SetupError } from './process/setup-error';
