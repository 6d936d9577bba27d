import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { engineEnvironment } from '../process/environment';
import { ManagedProcess } from '../process/managed-process';
import type { Supervision } from '../process/supervision';
import { endThoseWorkingIn } from '../process/orphans';
import { asRootOfItsOwn, inChroot } from './chroot';
import type { EnginePasswords } from './passwords';
import { lastLines, run } from './system-packages';
import { SetupError } from '../process/setup-error';

const BIN = '/usr/lib/postgresql/18/bin';
const MB = 2 ** 20;

export interface PostgresOptions {
  /** The cached root, see documentdb-root. */
  root: string;
  port: number;
  passwords: EnginePasswords;
  /** False: a crash of the machine may lose everything. For tests, whose data is thrown away at once. */
  durable: boolean;
}

/**
 * PostgreSQL 18 with DocumentDB on 127.0.0.1, its cluster in `dataDir/postgres` (made on first use), ready for commands. Who connects
 * gives the password (SCRAM-SHA-256); a cluster of an earlier version, or one whose password was lost, gets it first.
 */
export async function startPostgres(supervision: Supervision, options: PostgresOptions): Promise<ManagedProcess> {
  const dataFolder = clusterFolder(supervision.dataDir);
  if (!existsSync(dataFolder)) await initialise(options, dataFolder, supervision);
  let postgres = await startServer(supervision, options, dataFolder);
  try {
    if ((await login(options)) === 'refused') {
      supervision.progress('giving PostgreSQL a password');
      await postgres.stop();
      await setPassword(options, dataFolder);
      postgres = await startServer(supervision, options, dataFolder);
    }
    await createExtensions(options);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return postgres;
}

async function startServer(
  supervision: Supervision,
  options: PostgresOptions,
  dataFolder: string,
): Promise<ManagedProcess> {
  const settings = Object.entries(settingsFor(options)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = [`${BIN}/postgres`, '-D', '/data', ...settings];
  const [command, ...args] = inChroot({ root: options.root, dataFolder, parentDeathSignal: 'INT' }, [
    ...['sh', '-c', `printf '%s\\n' "$1" > ${LOGIN_RULES_FILE}; shift; exec "$@"`, 'sh', LOGIN_RULES.join('\n')],
    ...server,
  ]);
  const postgres = new ManagedProcess(supervision, {
    role: 'postgres',
    command,
    args,
    env: engineEnvironment(),
    // Of a server that was killed, children may still be at work; it does not start beside them.
    prepare: async () => {
      await endThoseWorkingIn(dataFolder);
      await forgetKilledServer(dataFolder);
    },
    ready: async () => (await login(options)) !== 'away',
    readyTimeoutMs: 5 * 60_000,
    stopSignal: 'SIGINT',
    // Killed while it writes a checkpoint, it would have to go through its journal on the next start.
    stopTimeoutMs: null,
    whileStopping: 'writes its data to disk',
  });
  await postgres.start();
  return postgres;
}

/**
 * Takes away the lock file of a server that is no more, where its pid is somebody's: a process that nobody has waited for yet, or another
 * that got the number. PostgreSQL takes either for the server and refuses to start. Nobody works in the folder by now, and it is
 * ours alone.
 */
async function forgetKilledServer(dataFolder: string): Promise<void> {
  const lockFile = join(dataFolder, 'postmaster.pid');
  const onLockFile = (...words: [string, ...string[]]) => {
    const [command, ...args] = asRootOfItsOwn([...words, '--', lockFile]);
    return run(command, args);
  };
  const { code, output } = await onLockFile('head', '-n', '1');
  if (code === 0 && existsSync(`/proc/${output.trim()}`)) await onLockFile('rm', '-f');
}

/** Of the mount namespace alone: nothing outside can reach what lies there. */
const PRIVATE_FOLDER = '/tmp';
/**
 * Who may connect, and how: instead of the cluster's own pg_hba.conf, which in old ones trusts everybody. By the socket come the
 * extensions of the server itself, which build indexes by connections of their own.
 */
const LOGIN_RULES = ['local all postgres peer', 'host all all 127.0.0.1/32 scram-sha-256'];
const LOGIN_RULES_FILE = `${PRIVATE_FOLDER}/pg_hba.conf`;

/** The folder is the cluster's user's own, which need not be us: so it is looked at only from its parent. */
export const clusterFolder = (dataDir: string) => join(dataDir, 'postgres', 'cluster');

/** Made aside and renamed, so that a cluster of which only a part was written is never taken for one. */
async function initialise(
  { root, durable, passwords }: PostgresOptions,
  dataFolder: string,
  { signal }: Supervision,
): Promise<void> {
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
    '--auth=scram-sha-256',
    '--pwfile=/tmp/password',
    '--no-instructions',
    ...locale,
  ];
  if (!durable) initdb.push('--no-sync');
  const withPassword = ['sh', '-c', 'umask 077; cat > /tmp/password; exec "$@"', 'sh', ...initdb];
  const [command, ...args] = inChroot({ root, dataFolder: unfinished, parentDeathSignal: 'TERM' }, withPassword);
  const { code, output } = await run(command, args, {
    signal,
    env: engineEnvironment(),
    input: `${passwords.postgres}\n`,
  });
  if (code === 0) return renameSync(unfinished, dataFolder);
  throw new SetupError(
    `PostgreSQL could not be set up in ${dataFolder}:\n${lastLines(output)}\n\n` +
      'The embedded engine makes a mount namespace, which takes root (or a user with subordinate ids, see subuid(5)). ' +
      'Set MONGODB_URI to use a MongoDB of your own instead.',
  );
}

/** By the server's single-user mode, which asks for no password. The server must not run. */
async function setPassword({ root, passwords }: PostgresOptions, dataFolder: string): Promise<void> {
  const single = [`${BIN}/postgres`, '--single', '-D', '/data', '-c', 'shared_preload_libraries=', 'postgres'];
  const [command, ...args] = inChroot({ root, dataFolder, parentDeathSignal: 'TERM' }, single);
  const { code, output } = await run(command, args, {
    env: engineEnvironment(),
    input: `alter role postgres password '${passwords.postgres}'\n`,
  });
  if (code !== 0 || /ERROR|FATAL/.test(output)) {
    throw new SetupError(`PostgreSQL could not be given a password in ${dataFolder}:\n${lastLines(output)}`);
  }
}

/** Sized for a small machine that it shares with Redis, the gateway, the api and the worker. */
function settingsFor({ port, durable }: PostgresOptions): Record<string, string> {
  const sharedBuffersMb = Math.max(128, Math.min(512, Math.floor(totalmem() / MB / 16)));
  const onOff = durable ? 'on' : 'off';
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: PRIVATE_FOLDER,
    'documentdb.localhost_connection_string': `host=${PRIVATE_FOLDER}`,
    'cron.host': PRIVATE_FOLDER,
    hba_file: LOGIN_RULES_FILE,
    password_encryption: 'scram-sha-256',
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
    // It would only look for indexes to build, see FORGET_INDEX_BUILDS.
    'documentdb.enableBackgroundWorker': 'off',
  };
}

const REFUSED = /^28/;

/** `away` also while it starts, or recovers from a crash. */
async function login(options: PostgresOptions): Promise<'in' | 'refused' | 'away'> {
  const client = connection(options);
  try {
    await client.connect();
    return 'in';
  } catch (error) {
    return REFUSED.test(String((error as { code?: string }).code)) ? 'refused' : 'away';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * The extension's jobs that look every two seconds, by connections of their own, for indexes to build: the gateway leaves none for
 * later. Together with the background worker, which looks for the same, they were nine tenths of what an idle engine did.
 */
const FORGET_INDEX_BUILDS =
  "select cron.unschedule(jobid) from cron.job where jobname like 'documentdb_index_build_task_%'";

/** Before any index is made: one made without the extended index handler never serves a sort. */
async function createExtensions(options: PostgresOptions): Promise<void> {
  const client = connection(options);
  await client.connect();
  try {
    await client.query('create extension if not exists documentdb cascade');
    await client.query('create extension if not exists documentdb_extended_rum cascade');
    // A root built later may hold a later version than the one that made this cluster; without one this changes nothing.
    await client.query('alter extension documentdb_core update');
    await client.query('alter extension documentdb update');
    await client.query('alter extension documentdb_extended_rum update');
    await client.query(FORGET_INDEX_BUILDS);
  } finally {
    await client.end();
  }
}

/** `postgresql://…`, with the password. */
export const postgresUri = ({ port, passwords }: Pick<PostgresOptions, 'port' | 'passwords'>) =>
  `postgresql://postgres:${passwords.postgres}@127.0.0.1:${port}/postgres`;

const connection = (options: PostgresOptions) =>
  new Client({ connectionString: postgresUri(options), connectionTimeoutMillis: 5000 });
