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
 * A `mongod` of the machine's own, as a replica set of one: transactions need a replica set. Who connects logs in. Its one user is made on
 * the first start, and given the password again when that was lost: for that alone it runs for a moment without asking who
 * connects.
 */
export async function startMongod(supervision: Supervision, options: MongodOptions): Promise<ManagedProcess> {
  const { port, passwords } = options;
  const { dataDir } = supervision;
  mkdirSync(mongodFolder(dataDir), { recursive: true, mode: 0o700 });
  const wanted: SetUp = { port, password: digestOf(`password ${passwords.mongodb}`) };
  const before = setUpOf(dataDir);
  if (before?.password !== wanted.password) {
    const open = mongodProcess(supervision, options, []);
    await open.start();
    try {
      await onMongod(openUri(port), (connection) => initiateReplicaSet(connection, port));
      await onMongod(openUri(port), (connection) => makeUser(connection, passwords.mongodb));
    } finally {
      await open.stop();
    }
    writeSetUp(dataDir, wanted);
  }
  // Members of a set know each other by a key, and who has one asks everybody for a password.
  const keyFile = join(dataDir, 'mongodb-keyfile');
  writeFileSync(keyFile, digestOf(`members ${passwords.mongodb}`), { mode: 0o600 });
  const mongod = mongodProcess(supervision, options, ['--keyFile', keyFile]);
  await mongod.start();
  try {
    const isMoved = before?.password === wanted.password && before.port !== port;
    if (isMoved) await onMongod(ownUri(options), (connection) => initiateReplicaSet(connection, port));
    else await onMongod(openUri(port), becomesPrimary);
  } catch (error) {
    await mongod.stop();
    throw error;
  }
  writeSetUp(dataDir, wanted);
  return mongod;
}

/** For which port the set was made, and with which password its user. */
interface SetUp {
  port: number;
  /** A digest of it. */
  password: string;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

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

const openUri = (port: number) => `mongodb://127.0.0.1:${port}/?directConnection=true`;
const ownUri = ({ port, passwords }: MongodOptions) =>
  `mongodb://${MONGODB_USER}:${passwords.mongodb}@127.0.0.1:${port}/?directConnection=true&authSource=admin`;

const setUpFile = (dataDir: string) => join(dataDir, 'mongodb-setup.json');

const writeSetUp = (dataDir: string, setUp: SetUp) =>
  writeFileSync(setUpFile(dataDir), JSON.stringify(setUp), { mode: 0o600 });

function setUpOf(dataDir: string): SetUp | undefined {
  try {
    return JSON.parse(readFileSync(setUpFile(dataDir), 'utf8')) as SetUp;
  } catch {
    return undefined;
  }
}

/**
 * Makes the set on first start, and each time says where its one member is now: the port may be another than last time, and
 * a member that does not find itself in the configuration never becomes primary.
 */
async function initiateReplicaSet(connection: Connection, port: number): Promise<void> {
  const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
  const config = await currentConfig(connection);
  if (!config) await admin(connection, { replSetInitiate: { _id: REPLICA_SET, members } });
  else if (config.members[0]?.host !== members[0]?.host) {
    await admin(connection, { replSetReconfig: { ...config, version: config.version + 1, members }, force: true });
  }
  await becomesPrimary(connection);
}

async function becomesPrimary(connection: Connection): Promise<void> {
  const isPrimary = async () => (await admin(connection, { hello: 1 }))['isWritablePrimary'] === true;
  await waitFor('mongod to become primary', 30_000, isPrimary, 100);
}

/** The service's own user, who may do everything; with another password if there is one of that name. */
async function makeUser(connection: Connection, password: string): Promise<void> {
  const ALREADY_EXISTS = 51_003;
  const user = { pwd: password, roles: ['root'] };
  try {
    await admin(connection, { createUser: MONGODB_USER, ...user });
  } catch (error) {
    if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
    await admin(connection, { updateUser: MONGODB_USER, ...user });
  }
}

async function onMongod(uri: string, work: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = await createConnection(uri).asPromise();
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
