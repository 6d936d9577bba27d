import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { ManagedProcess } from '../process/managed-process';
import type { Supervision } from '../process/supervision';
import { asRootOfItsOwn, inChroot } from './chroot';
import { lastLines, run } from './system-packages';
import { SetupError } from '../process/setup-error';

const BIN = '/usr/lib/postgresql/18/bin';
const MB = 2 ** 20;

export interface PostgresOptions {
  /** The cached root, see documentdb-root. */
  root: string;
  port: number;
  /** False: a crash of the machine may lose everything. For tests, whose data is thrown away at once. */
  durable: boolean;
}

/** PostgreSQL 18 with DocumentDB on 127.0.0.1, its cluster in `dataDir/postgres` (made on first use), ready for commands. */
export async function startPostgres(supervision: Supervision, options: PostgresOptions): Promise<ManagedProcess> {
  const { root, port } = options;
  const dataFolder = clusterFolder(supervision.dataDir);
  if (!existsSync(dataFolder)) await initialise(options, dataFolder, supervision.signal);
  const settings = Object.entries(settingsFor(options)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = inChroot({ root, dataFolder, parentDeathSignal: 'INT' }, [
    `${BIN}/postgres`,
    '-D',
    '/data',
    ...settings,
  ]);
  const [command, ...args] = server;
  const postgres = new ManagedProcess(supervision, {
    role: 'postgres',
    command,
    args,
    ready: () => answers(port),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGINT',
    stopTimeoutMs: 3500,
  });
  await postgres.start();
  try {
    await createExtensions(port);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return postgres;
}

/** The folder is the cluster's user's own, which need not be us: so it is looked at only from its parent. */
export const clusterFolder = (dataDir: string) => join(dataDir, 'postgres', 'cluster');

/** Made aside and renamed, so that a cluster of which only a part was written is never taken for one. */
async function initialise({ root, durable }: PostgresOptions, dataFolder: string, signal: AbortSignal): Promise<void> {
  const unfinished = `${dataFolder}.unfinished`;
  const [remove, ...folder] = asRootOfItsOwn(['rm', '-rf', '--one-file-system', '--', unfinished]);
  await run(remove, folder);
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  // The locale that comes with PostgreSQL itself: the same order of strings whatever the machine's C library says.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const initdb = [
    `${BIN}/initdb`,
    '--pgdata=/data',
    '--username=postgres',
    '--auth=trust',
    '--no-instructions',
    ...locale,
  ];
  if (!durable) initdb.push('--no-sync');
  const [command, ...args] = inChroot({ root, dataFolder: unfinished, parentDeathSignal: 'TERM' }, initdb);
  const { code, output } = await run(command, args, { signal });
  if (code === 0) return renameSync(unfinished, dataFolder);
  throw new SetupError(
    `PostgreSQL could not be set up in ${dataFolder}:\n${lastLines(output)}\n\n` +
      'The embedded engine makes a mount namespace, which takes root (or a user with subordinate ids, see subuid(5)). ' +
      'Set MONGODB_URI to use a MongoDB of your own instead.',
  );
}

/** Sized for a small machine that it shares with Redis, the gateway, the api and the worker. */
function settingsFor({ port, durable }: PostgresOptions): Record<string, string> {
  const sharedBuffersMb = Math.max(128, Math.min(512, Math.floor(totalmem() / MB / 16)));
  const onOff = durable ? 'on' : 'off';
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    fsync: onOff,
    synchronous_commit: onOff,
    full_page_writes: onOff,
    shared_buffers: `${sharedBuffersMb}MB`,
    effective_cache_size: `${sharedBuffersMb * 4}MB`,
    work_mem: '8MB',
    maintenance_work_mem: '64MB',
    max_wal_size: '1GB',
    wal_compression: 'on',
    checkpoint_timeout: '15min',
    // Compiling a query costs more than a chat's short ones take.
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Without ERROR, which ranks below LOG here: every duplicate key and every write conflict is one to PostgreSQL and
    // everyday life to the service, and the client is told of it anyway.
    log_min_messages: 'log',
    shared_preload_libraries: 'pg_cron,pg_documentdb_core,pg_documentdb,pg_documentdb_extended_rum',
    'cron.database_name': 'postgres',
    'documentdb.alternate_index_handler_name': 'extended_rum',
  };
}

async function answers(port: number): Promise<boolean> {
  const client = connection(port);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Before any index is made: one made without the extended index handler never serves a sort. */
async function createExtensions(port: number): Promise<void> {
  const client = connection(port);
  await client.connect();
  try {
    await client.query('create extension if not exists documentdb cascade');
    await client.query('create extension if not exists documentdb_extended_rum cascade');
    // A root built later may hold a later version than the one that made this cluster; without one this changes nothing.
    await client.query('alter extension documentdb_core update');
    await client.query('alter extension documentdb update');
    await client.query('alter extension documentdb_extended_rum update');
  } finally {
    await client.end();
  }
}

const connection = (port: number) =>
  new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', connectionTimeoutMillis: 5000 });
