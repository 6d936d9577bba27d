import { builtEntry } from './repository';
import { appEnvironment } from './process/environment';
import { ManagedProcess, type ProcessSpec } from './process/managed-process';
import type { Supervision } from './process/supervision';

/** Where an api answers, as its clients on this machine write it. */
export function apiUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** An api process: ready when its own health check says that the database, Redis and the storage are, too. */
export function apiProcess(
  supervision: Supervision,
  index: number,
  url: string,
  env: NodeJS.ProcessEnv,
): ManagedProcess {
  return appProcess(supervision, 'api', index, env, { ready: () => isHealthy(url) });
}

/** A worker process: ready when the health check at its monitoring port says so. */
export function workerProcess(
  supervision: Supervision,
  index: number,
  monitoringUrl: string,
  env: NodeJS.ProcessEnv,
): ManagedProcess {
  return appProcess(supervision, 'worker', index, env, { ready: () => isHealthy(monitoringUrl) });
}

function appProcess(
  supervision: Supervision,
  app: 'api' | 'worker',
  index: number,
  env: NodeJS.ProcessEnv,
  readiness: Pick<ProcessSpec, 'ready'>,
): ManagedProcess {
  return new ManagedProcess(supervision, {
    role: `${app}-${index}`,
    command: process.execPath,
    args: [builtEntry(app)],
    env: appEnvironment(env),
    ...readiness,
    readyTimeoutMs: 120_000,
    // Open requests and the job at hand get this long; with the engines after them the whole stays under 10 s.
    stopTimeoutMs: 4500,
  });
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false;
  }
}
