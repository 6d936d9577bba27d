import { ManagedProcess } from '../process/managed-process';
import { engineEnvironment } from '../process/environment';
import { isListening } from '../process/ports';
import type { Supervision } from '../process/supervision';
import { builtEntry } from '../repository';
import { MONGODB_USER, type EnginePasswords } from './passwords';

/** What only tests of the gateway want. */
export interface GatewayTestOptions {
  /** Serve MongoDB's test commands, as `configureFailPoint`. Default false. */
  testCommands?: boolean;
  /** False lets everybody in, for suites that cannot log in. Default true. */
  login?: boolean;
}

/** Our MongoDB-wire server in front of DocumentDB, on 127.0.0.1. Clients must log in (SCRAM-SHA-256) unless `login` is false. */
export async function startGateway(
  supervision: Supervision,
  {
    port,
    postgresPort,
    passwords,
    testCommands = false,
    login = true,
  }: GatewayTestOptions & { port: number; postgresPort: number; passwords: EnginePasswords },
): Promise<ManagedProcess> {
  const options = {
    listen: `127.0.0.1:${port}`,
    postgres: `127.0.0.1:${postgresPort}`,
    ...(login && { user: MONGODB_USER, 'password-file': passwords.mongodbFile }),
  };
  const gateway = new ManagedProcess(supervision, {
    role: 'gateway',
    command: process.execPath,
    args: [
      builtEntry('documentdb-gateway'),
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      ...(testCommands ? ['--enable-test-commands'] : []),
    ],
    env: engineEnvironment({ PGPASSWORD: passwords.postgres }),
    ready: () => isListening(port),
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 1000,
  });
  await gateway.start();
  return gateway;
}

export function gatewayUri({
  port,
  passwords,
  login = true,
}: GatewayTestOptions & { port: number; passwords: EnginePasswords }): string {
  return login
    ? `mongodb://${MONGODB_USER}:${passwords.mongodb}@127.0.0.1:${port}/?directConnection=true&authSource=admin`
    : `mongodb://127.0.0.1:${port}/?directConnection=true`;
}
