import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processEnvironment, type Environment } from '#caas/platform/config';

/** Where the engines of a running stack are, and what else `DATA_DIR/stack.json` says. */
export interface RunningStack {
  api_urls?: string[];
  metrics_urls?: { api: string[]; worker: string[] };
  mongodb_uri?: string;
  redis_url?: string;
}

/** The environment, and what `DATA_DIR/stack.json` says of a running system where the environment is silent. */
export function operatorEnvironment(given: Environment = processEnvironment()): Environment {
  const stack = runningStack(given.DATA_DIR || '.data');
  return {
    ...given,
    MONGODB_URI: given.MONGODB_URI || stack?.mongodb_uri,
    REDIS_URL: given.REDIS_URL || stack?.redis_url,
    LOG_LEVEL: 'silent',
  };
}

/** Null when none runs on the folder. */
export function runningStack(dataDir: string): RunningStack | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'stack.json'), 'utf8')) as RunningStack;
  } catch {
    return null;
  }
}
