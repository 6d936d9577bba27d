import { SetupError } from './engines/system-packages';
import type { StackOptions } from './stack';

/**
 * What `npm start` itself reads from the environment; everything else goes on to api and worker, whose own schema checks it.
 * Throws a SetupError that names every problem at once.
 */
export function settingsFrom(env: NodeJS.ProcessEnv): StackOptions {
  const problems: string[] = [];
  const integer = (name: string, fallback: number, least: number, most: number): number => {
    const text = env[name];
    if (!text) return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    problems.push(`${name} must be a whole number from ${least} to ${most}, not "${text}"`);
    return fallback;
  };
  const apiProcesses = integer('API_PROCESSES', 1, 1, 64);
  const workerProcesses = integer('WORKER_PROCESSES', 1, 0, 64);
  const port = integer('PORT', 3000, 1, 65_536 - apiProcesses);
  if (env['NODE_ENV'] === 'production' && !env['PLATFORM_ADMIN_KEY']) {
    problems.push('PLATFORM_ADMIN_KEY must be set in production');
  }
  if (problems.length > 0) throw new SetupError(`The configuration is not right:\n  ${problems.join('\n  ')}`);
  return {
    dataDir: env['DATA_DIR'] || '.data',
    host: env['HOST'] || '127.0.0.1',
    port,
    apiProcesses,
    workerProcesses,
    mongodbUri: env['MONGODB_URI'] || undefined,
    redisUrl: env['REDIS_URL'] || undefined,
    platformAdminKey: env['PLATFORM_ADMIN_KEY'] || undefined,
  };
}
