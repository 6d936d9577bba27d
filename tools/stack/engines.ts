import { existsSync } from 'node:fs';
import { openDataDir, type DataDir } from './data-dir';
import { documentDbRoot, toolsToBuildRoot } from './engines/documentdb-root';
import { gatewayUri, startGateway, type GatewayTestOptions } from './engines/gateway';
import { mongodFolder, mongodUri, startMongod } from './engines/mongod';
import { EnginePasswords } from './engines/passwords';
import { clusterFolder, postgresUri, startPostgres } from './engines/postgres';
import { startRedis } from './engines/redis';
import { ensureInstalled, installIfPossible, type SystemTool } from './engines/system-packages';
import { onPath, type ManagedProcess } from './process/managed-process';
import type { Progress, Supervision } from './process/supervision';
import { SetupError } from './process/setup-error';

export type EngineRole = 'postgres' | 'gateway' | 'mongod' | 'redis';

export interface EngineOptions {
  /** Use this MongoDB instead of an embedded one. */
  mongodbUri?: string;
  /** Use this Redis instead of an embedded one. */
  redisUrl?: string;
  /** Ports of embedded engines; free ones unless given. */
  ports?: Partial<Record<EngineRole, number>>;
  /** False gives up PostgreSQL's durability for speed: for data that is thrown away. Default true. */
  durable?: boolean;
  /** For the gateway's own tests. */
  gateway?: GatewayTestOptions;
}

export interface Engines {
  /** With the credentials, like all three. */
  mongodbUri: string;
  redisUrl: string;
  /** `postgresql://…` of the embedded PostgreSQL, when that is the engine. */
  postgresUri?: string;
  /** The embedded engines that run, by role. */
  processes: Partial<Record<EngineRole, ManagedProcess>>;
  /** Stops them in order. A database ends when it has written its data. */
  stop(): Promise<void>;
}

/** Starts the engines a system needs on a data folder, which is locked until `stop`. */
export async function startEngines(
  options: EngineOptions & { dataDir: string; progress?: Progress; signal?: AbortSignal },
): Promise<Engines> {
  const { progress = () => undefined, signal = new AbortController().signal } = options;
  const home = await openDataDir(options.dataDir, { progress, signal });
  try {
    const quiet = {
      onStarted: () => undefined,
      onCrashed: (role: string, reason: string) => progress(`${role} ended (${reason}), starting it again`),
    };
    const engines = await launchEngines(
      { dataDir: home.path, ledger: home.ledger, signal, progress, ...quiet },
      home,
      options,
    );
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= engines.stop().then(() => home.release()));
    return { ...engines, stop };
  } catch (error) {
    await home.release();
    throw error;
  }
}

/** The same in a folder that is already ours. Whatever has started is stopped again when something else fails. */
export async function launchEngines(supervision: Supervision, home: DataDir, options: EngineOptions): Promise<Engines> {
  const processes: Engines['processes'] = {};
  const stop = async () => {
    // The gateway lets go of its connections before PostgreSQL is asked to end; the others depend on nothing.
    const documents = async () => {
      await processes.gateway?.stop();
      await processes.postgres?.stop();
    };
    await Promise.all([documents(), processes.mongod?.stop(), processes.redis?.stop()]);
  };
  await ensureInstalled(missingTools(home, options), supervision);
  const without = 'videos and audios wait, PDFs have no preview, everything else works';
  await installIfPossible(['ffmpeg', 'poppler'], without, supervision);
  const documents = documentEngine(supervision, home, options, processes);
  const queues = queueEngine(supervision, home, options, processes);
  // Both are over, one way or the other, before anything is stopped: otherwise one could start after that.
  await Promise.allSettled([documents, queues]);
  try {
    return { ...(await documents), redisUrl: await queues, processes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function documentEngine(
  supervision: Supervision,
  home: DataDir,
  { mongodbUri, durable = true, ports = {}, gateway }: EngineOptions,
  processes: Engines['processes'],
): Promise<Pick<Engines, 'mongodbUri' | 'postgresUri'>> {
  if (mongodbUri) return { mongodbUri };
  const passwords = new EnginePasswords(home.path);
  const mongod = chosenMongod(home.path);
  if (mongod) {
    const port = ports.mongod ?? (await home.port('mongod'));
    supervision.progress('starting mongod');
    processes.mongod = await startMongod(supervision, { command: mongod, port, passwords });
    return { mongodbUri: mongodUri({ port, passwords }) };
  }
  const root = await documentDbRoot(supervision);
  const postgresPort = ports.postgres ?? (await home.port('postgres'));
  const gatewayPort = ports.gateway ?? (await home.port('gateway'));
  supervision.progress('starting PostgreSQL with DocumentDB, and the MongoDB gateway');
  processes.postgres = await startPostgres(supervision, { root, port: postgresPort, passwords, durable });
  processes.gateway = await startGateway(supervision, { port: gatewayPort, postgresPort, passwords, ...gateway });
  return {
    mongodbUri: gatewayUri({ port: gatewayPort, passwords, ...gateway }),
    postgresUri: postgresUri({ port: postgresPort, passwords }),
  };
}

/** Whatever may have to be installed, at once: apt takes one caller at a time. */
function missingTools(home: DataDir, { mongodbUri, redisUrl }: EngineOptions): SystemTool[] {
  const documents = mongodbUri || chosenMongod(home.path) ? [] : toolsToBuildRoot();
  return redisUrl ? documents : [...documents, 'redis'];
}

/** A `mongod` on the PATH is preferred, but data already in the folder stays with the engine that wrote it. */
function chosenMongod(dataDir: string): string | undefined {
  if (existsSync(clusterFolder(dataDir))) return undefined;
  const mongod = onPath('mongod');
  if (!mongod && existsSync(mongodFolder(dataDir))) {
    throw new SetupError(`${mongodFolder(dataDir)} was written by a mongod, and there is none on the PATH any more`);
  }
  return mongod;
}

async function queueEngine(
  supervision: Supervision,
  home: DataDir,
  { redisUrl, ports }: EngineOptions,
  processes: Engines['processes'],
): Promise<string> {
  if (redisUrl) return redisUrl;
  const port = ports?.redis ?? (await home.port('redis'));
  const passwords = new EnginePasswords(home.path);
  processes.redis = await startRedis(supervision, { port, passwords });
  return `redis://:${passwords.redis}@127.0.0.1:${port}`;
}
