import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mongoose';
import { ManagedProcess } from '../process/managed-process';
import { isListening } from '../process/ports';
import type { Supervision } from '../process/supervision';
import { waitFor } from '../process/wait';

const REPLICA_SET = 'caas';

/** A `mongod` of the machine's own, as a replica set of one: transactions need a replica set. */
export async function startMongod(
  supervision: Supervision,
  { command, port }: { command: string; port: number },
): Promise<ManagedProcess> {
  const dbPath = mongodFolder(supervision.dataDir);
  mkdirSync(dbPath, { recursive: true, mode: 0o700 });
  const mongod = new ManagedProcess(supervision, {
    role: 'mongod',
    command,
    args: ['--replSet', REPLICA_SET, '--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', dbPath],
    ready: () => isListening(port),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 3500,
  });
  await mongod.start();
  try {
    await initiateReplicaSet(port);
  } catch (error) {
    await mongod.stop();
    throw error;
  }
  return mongod;
}

export const mongodFolder = (dataDir: string) => join(dataDir, 'mongodb');
export const mongodUri = (port: number) => `mongodb://127.0.0.1:${port}/?replicaSet=${REPLICA_SET}`;

/**
 * Makes the set on first start, and each time says where its one member is now: the port may be another than last time, and
 * a member that does not find itself in the configuration never becomes primary.
 */
async function initiateReplicaSet(port: number): Promise<void> {
  const connection = await createConnection(`mongodb://127.0.0.1:${port}/?directConnection=true`).asPromise();
  try {
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    const config = await currentConfig(connection);
    if (!config) await admin(connection, { replSetInitiate: { _id: REPLICA_SET, members } });
    else if (config.members[0]?.host !== members[0]?.host) {
      await admin(connection, { replSetReconfig: { ...config, version: config.version + 1, members }, force: true });
    }
    const isPrimary = async () => (await admin(connection, { hello: 1 }))['isWritablePrimary'] === true;
    await waitFor('mongod to become primary', 30_000, isPrimary, 100);
  } finally {
    await connection.close();
  }
}

interface ReplicaSetConfig {
  version: number;
  members: { _id: number; host: string }[];
}

async function currentConfig(connection: Connection): Promise<ReplicaSetConfig | undefined> {
  const NOT_YET_INITIALIZED = 94;
  try {
    return (await admin(connection, { replSetGetConfig: 1 }))['config'] as ReplicaSetConfig;
  } catch (error) {
    if ((error as { code?: number }).code === NOT_YET_INITIALIZED) return undefined;
    throw error;
  }
}

const admin = (connection: Connection, command: Record<string, unknown>) =>
  connection.getClient().db('admin').command(command);
