import {
  configSection,
  integer,
  operatorsConfig,
  readSections,
  runtimeConfig,
  type ConfigOf,
  type Environment,
} from '#caas/platform/config';
import { monitoringConfig } from '#caas/platform/health';
import { httpConfig } from '#caas/platform/http';
import type { StackOptions } from './stack';

/** What only `npm start` reads. */
export const stackConfig = configSection('stack', {
  API_PROCESSES: integer({ default: 1, min: 1, max: 64, doc: 'apis of `npm start`: on PORT, PORT+1, ...' }),
  WORKER_PROCESSES: integer({ default: 1, min: 0, max: 64, doc: 'workers of `npm start`' }),
});

/**
 * What the supervisor itself needs of the environment; api and worker read theirs from the same.
 * @throws ConfigurationError naming every problem
 */
export function settingsFrom(environment: Environment): StackOptions {
  const sections = readSections(
    [runtimeConfig, operatorsConfig, httpConfig, monitoringConfig, stackConfig] as never[],
    environment,
  );
  const runtime = sections.get('runtime') as ConfigOf<typeof runtimeConfig>;
  const operators = sections.get('operators') as ConfigOf<typeof operatorsConfig>;
  const http = sections.get('http') as ConfigOf<typeof httpConfig>;
  const monitoring = sections.get('monitoring') as ConfigOf<typeof monitoringConfig>;
  const stack = sections.get('stack') as ConfigOf<typeof stackConfig>;
  return {
    dataDir: runtime.DATA_DIR,
    host: http.HOST,
    port: http.PORT || undefined,
    metricsPort: monitoring.METRICS_PORT || undefined,
    metricsHost: monitoring.METRICS_HOST,
    apiProcesses: stack.API_PROCESSES,
    workerProcesses: stack.WORKER_PROCESSES,
    // Whether they are set is what counts here: the schema's defaults are for processes started without a supervisor.
    mongodbUri: environment['MONGODB_URI'] || undefined,
    redisUrl: environment['REDIS_URL'] || undefined,
    platformAdminKey: operators.PLATFORM_ADMIN_KEY ?? undefined,
  };
}
