import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mongoose';
import { engineEnvironment } from '../process/environment';
import { ManagedProcess } from '../process/managed-process';
import { isListening } from '../process/ports';
import type { Supervision } from '../process/supervision';
import { waitFor } from '../process/wait';
import { MONGODB_USER, type EnginePasswords } from './passwords';

const REPLICA_SET = 'caas';

export interface MongodOptions {
  command: string;
  port: number;
  passwords: EnginePasswords;
}

/**
 * A `mongod` of the machine's own, as a replica set of one: transactions need a replica set. Who connects logs in. The set and its
 * one user are made on the first start, and looked at again when the port is another: for that it runs for a moment without
 * asking who connects.
 */
export async function startMongod(supervision: Supervision, options: MongodOptions): Promise<ManagedProcess> {
  const { port, passwords } = options;
  mkdirSync(mongodFolder(supervision.dataDir), { recursive: true, mode: 0o700 });
  if (setUpFor(supervision.dataDir) !== port) {
    const open = mongodProcess(supervision, options, []);
    await open.start();
    try {
      await initiateReplicaSet(port);
      await makeUser(port, passwords.mongodb);
    } finally {
      await open.stop();
    }
    writeFileSync(setUpFile(supervision.dataDir), String(port), { mode: 0o600 });
  }
  // Members of a set know each other by a key, and who has one asks everybody for a password.
  const keyFile = join(supervision.dataDir, 'mongodb-keyfile');
  writeFileSync(keyFile, createHash('sha256').update(`members ${passwords.mongodb}`).digest('hex'), { mode: 0o600 });
  const mongod = mongodProcess(supervision, options, ['--keyFile', keyFile]);
  await mongod.start();
  try {
    await onMongod(port, (connection) => becomesPrimary(connection));
  } catch (error) {
    await mongod.stop();
    throw error;
  }
  return mongod;
}

function mongodProcess(supervision: Supervision, { command, port }: MongodOptions, more: string[]): ManagedProcess {
  const dbPath = mongodFolder(supervision.dataDir);
  return new ManagedProcess(supervision, {
    role: 'mongod',
    command,
    args: ['--replSet', REPLICA_SET, '--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', dbPath, ...more],
    env: engineEnvironment(),
    ready: () => isListening(port),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: null,
    whileStopping: 'writes its data to disk',
  });
}

export const mongodFolder = (dataDir: string) => join(dataDir, 'mongodb');
export const mongodUri = ({ port, passwords }: Pick<MongodOptions, 'port' | 'passwords'>) =>
  `mongodb://${MONGODB_USER}:${passwords.mongodb}@127.0.0.1:${port}/?replicaSet=${REPLICA_SET}&authSource=admin`;

/** Says for which port the set and its user were made. */
const setUpFile = (dataDir: string) => join(dataDir, 'mongodb-port');

function setUpFor(dataDir: string): number | undefined {
  try {
    return Number(readFileSync(setUpFile(dataDir), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Makes the set on first start, and each time says where its one member is now: the port may be another than last time, and
 * a member that does not find itself in the configuration never becomes primary.
 */
const initiateReplicaSet = (port: number): Promise<void> =>
  onMongod(port, async (connection) => {
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    const config = await currentConfig(connection);
    if (!config) await admin(connection, { replSetInitiate: { _id: REPLICA_SET, members } });
    else if (config.members[0]?.host !== members[0]?.host) {
      await admin(connection, { replSetReconfig: { ...config, version: config.version + 1, members }, force: true });
    }
    await becomesPrimary(connection);
  });

async function becomesPrimary(connection: Connection): Promise<void> {
  const isPrimary = async () => (await admin(connection, { hello: 1 }))['isWritablePrimary'] === true;
  await waitFor('mongod to become primary', 30_000, isPrimary, 100);
}

/** The service's own user, who may do everything; with another password if there is one of that name. */
const makeUser = (port: number, password: string): Promise<void> =>
  onMongod(port, async (connection) => {
    const ALREADY_EXISTS = 51_003;
    const user = { pwd: password, roles: ['root'] };
    try {
      await admin(connection, { createUser: MONGODB_USER, ...user });
    } catch (error) {
      if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
      await admin(connection, { updateUser: MONGODB_USER, ...user });
    }
  });

async function onMongod(port: number, work: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = await createConnection(`mongodb://127.0.0.1:${port}/?directConnection=true`).asPromise();
  try {
    await work(connection);
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
