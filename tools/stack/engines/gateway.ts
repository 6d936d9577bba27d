import { ManagedProcess } from '../process/managed-process';
import { isListening } from '../process/ports';
import type { Supervision } from '../process/supervision';
import { builtEntry } from '../repository';

/** Our MongoDB-wire server in front of DocumentDB, on 127.0.0.1. */
export async function startGateway(
  supervision: Supervision,
  { port, postgresPort }: { port: number; postgresPort: number },
): Promise<ManagedProcess> {
  const gateway = new ManagedProcess(supervision, {
    role: 'gateway',
    command: process.execPath,
    args: [
      builtEntry('documentdb-gateway'),
      '--listen',
      `127.0.0.1:${port}`,
      '--postgres',
      `127.0.0.1:${postgresPort}`,
    ],
    env: childEnvironment(),
    ready: () => isListening(port),
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 1000,
  });
  await gateway.start();
  return gateway;
}

/** Ours without what a test runner or npm put there for itself. */
export function childEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _testRunnersOwn, JEST_WORKER_ID: _workers, ...rest } = process.env;
  return { ...rest, ...more };
}
