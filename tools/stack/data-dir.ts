import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { asRootOfItsOwn } from './engines/chroot';
import { run } from './engines/system-packages';
import { ProcessLedger } from './process/ledger';
import { lockFile } from './process/lock';
import { freePort } from './process/ports';
import type { Supervision } from './process/supervision';
import { SetupError } from './process/setup-error';

/** What `DATA_DIR/stack.json` says while a stack runs, for tools and tests. Design §11 fixes the fields. */
export interface StackFile {
  api_urls: string[];
  mongodb_uri: string;
  redis_url: string;
  platform_key_file: string | null;
  /** Health checks and metrics of each process, without a credential. */
  metrics_urls: { api: string[]; worker: string[] };
  pids: {
    supervisor: number;
    api: (number | null)[];
    worker: (number | null)[];
    gateway: number | null;
    redis: number | null;
    postgres: number | null;
    mongod: number | null;
  };
}

/** A data folder that this process alone uses, with nothing left running in it from before. */
export interface DataDir {
  path: string;
  ledger: ProcessLedger;
  /** The port this engine had last time if it is still free, so that addresses stay over a restart; else a new one. */
  port(engine: string): Promise<number>;
  writeStackFile(stack: StackFile): void;
  /** Gives the folder back. Children must have ended. */
  release(): Promise<void>;
}

/** Long enough for one that is just stopping to finish. */
const WAIT_FOR_STOPPING_MS = 12_000;

/**
 * Takes the folder (made when missing) and ends whatever a killed supervisor left running in it.
 * Throws a SetupError when another one is at work there.
 */
export async function openDataDir(
  dataDir: string,
  { progress, signal, hurry }: Pick<Supervision, 'progress' | 'signal' | 'hurry'>,
): Promise<DataDir> {
  const path = resolve(dataDir);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  keepFromOthers(path);
  const lockPath = join(path, 'supervisor.lock');
  closeSync(openSync(lockPath, 'a', 0o600));
  const stackPath = join(path, 'stack.json');
  const lock =
    (await lockFile(lockPath, 1000)) ?? (isStopping(path) ? await lockFile(lockPath, WAIT_FOR_STOPPING_MS) : undefined);
  if (!lock) throw new SetupError(alreadyRunning(path, readJson<StackFile>(stackPath)));

  rmSync(stackPath, { force: true });
  rmSync(stoppingMark(path), { force: true });
  const ledger = new ProcessLedger(path);
  const ended = await ledger.endLeftovers({ progress, signal, hurry }).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  if (ended.length > 0) progress(`ended what an earlier start had left running: ${ended.join(', ')}`);
  return {
    path,
    ledger,
    port: (engine) => rememberedPort(join(path, 'ports.json'), engine),
    writeStackFile: (stack) => writeJson(stackPath, stack),
    release: async () => {
      rmSync(stackPath, { force: true });
      rmSync(stoppingMark(path), { force: true });
      await lock.release();
    },
  };
}

const SHARED_BY_MANY = 0o1000;
/** What stands in a folder that a stack has run on, of whichever version. */
const MARKS = ['supervisor.lock', 'ports.json', 'platform-admin-key', 'secrets-key'];

/**
 * The folder is for its own user alone: it holds passwords, and every tenant's data. What was made before that was so is closed, too.
 * @throws SetupError for a folder that others use as well, such as /tmp, or that holds something else: nothing of it is touched
 */
function keepFromOthers(path: string): void {
  const { mode, uid } = statSync(path);
  const isOurs = process.getuid === undefined || uid === process.getuid();
  if (mode & SHARED_BY_MANY || !isOurs) {
    throw new SetupError(`DATA_DIR ${path} belongs to others as well. Name a folder of its own, such as ${path}/caas.`);
  }
  if ((mode & 0o077) === 0) return;
  const names = readdirSync(path);
  if (names.length > 0 && !MARKS.some((mark) => names.includes(mark))) {
    throw new SetupError(
      `DATA_DIR ${path} can be read by other users and holds something that is not of CaaS. ` +
        `Name a folder of its own, such as ${path}/caas.`,
    );
  }
  for (const name of names) {
    const entry = join(path, name);
    const stats = lstatSync(entry);
    if (stats.uid === uid && !stats.isSymbolicLink()) chmodSync(entry, stats.mode & 0o7700);
  }
  chmodSync(path, 0o700);
}

/** Removes a folder whose stack has stopped, also what belongs to the embedded database's user. */
export async function removeDataDir(path: string): Promise<void> {
  const [command, ...args] = asRootOfItsOwn(['rm', '-rf', '--one-file-system', '--', resolve(path)]);
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`could not remove ${path}: ${output}`);
}

/** Written when a supervisor begins to stop, so that the next start waits for it instead of giving up. */
export function markStopping(path: string): void {
  writeFileSync(stoppingMark(path), '');
}

const stoppingMark = (path: string) => join(path, 'stopping');

function isStopping(path: string): boolean {
  return readText(stoppingMark(path)) !== undefined;
}

function alreadyRunning(path: string, stack: StackFile | undefined): string {
  const where = stack
    ? ` at ${stack.api_urls.join(', ')} (pid ${stack.pids.supervisor})`
    : ' and has not finished starting';
  return `CaaS already runs on ${path}${where}.\nStop that one first, or give this one its own DATA_DIR and PORT.`;
}

async function rememberedPort(file: string, engine: string): Promise<number> {
  const ports = readJson<Record<string, number>>(file) ?? {};
  const port = await freePort(ports[engine]);
  writeJson(file, { ...(readJson<Record<string, number>>(file) ?? {}), [engine]: port });
  return port;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readJson<T>(file: string): T | undefined {
  const text = readText(file);
  return text ? (JSON.parse(text) as T) : undefined;
}

/** Never seen half-written, and by nobody else. */
function writeJson(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
