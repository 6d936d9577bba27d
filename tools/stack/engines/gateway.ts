import { ManagedProcess } from '../process/managed-process';
import { engineEnvironment } from '../process/environment';
import { isListening } from '../process/ports';
import type { Supervision } from '../process/supervision';
import { builtEntry } from '../repository';
import { MONGODB_USER, type EnginePasswords } from './passwords';

/** Our MongoDB-wire server in front of DocumentDB, on 127.0.0.1. Who connects logs in (SCRAM-SHA-256). */
export async function startGateway(
  supervision: Supervision,
  { port, postgresPort, passwords }: { port: number; postgresPort: number; passwords: EnginePasswords },
): Promise<ManagedProcess> {
  const options = {
    listen: `127.0.0.1:${port}`,
    postgres: `127.0.0.1:${postgresPort}`,
    user: MONGODB_USER,
    'password-file': passwords.mongodbFile,
  };
  const gateway = new ManagedProcess(supervision, {
    role: 'gateway',
    command: process.execPath,
    args: [
      builtEntry('documentdb-gateway'),
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    env: engineEnvironment({ PGPASSWORD: passwords.postgres }),
    ready: () => isListening(port),
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 1000,
  });
  await gateway.start();
  return gateway;
}
