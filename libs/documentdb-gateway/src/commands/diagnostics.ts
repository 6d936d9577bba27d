import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { MongoError } from '../errors/mongo-error';
import type { Command, Handler } from './command';
import { numberOf } from './fields';
import { REPLICA_SET, SERVER_VERSION } from './handshake';

type Fields = Record<string, unknown>;
const ok = (fields: Fields = {}) => Promise.resolve({ ...fields, ok: 1 });

/** What tools and drivers ask about the server itself. */
export const diagnostics: Record<string, Handler> = {
  ping: () => ok(),
  buildInfo: () => ok(buildInfo()),
  buildinfo: () => ok(buildInfo()),
  connectionStatus: () => ok({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } }),
  getCmdLineOpts: () => ok({ argv: ['documentdb-gateway'], parsed: {} }),
  getParameter: (command) => ok(parameters(command)),
  setParameter: () => ok({ was: null }),
  getLog: (command) => ok(command.document.getLog === '*' ? { names: ['global'] } : { totalLinesWritten: 0, log: [] }),
  getFreeMonitoringStatus: () => ok({ state: 'undecided' }),
  hostInfo: () =>
    ok({
      system: { currentTime: new Date(), numCores: availableParallelism() },
      os: { type: process.platform },
      extra: {},
    }),
  serverStatus: (command) => ok(serverStatus(command)),
  replSetGetStatus: (command) =>
    ok({ set: REPLICA_SET, myState: 1, members: [{ _id: 0, name: command.gateway.address, stateStr: 'PRIMARY' }] }),
  configureFailPoint: (command) => {
    const { failPoints } = command.gateway;
    if (failPoints) return Promise.resolve(failPoints.configure(command));
    throw MongoError.of('CommandNotFound', "no such command: 'configureFailPoint'");
  },
  whatsmyuri: () => ok({ you: '127.0.0.1' }),
  features: () => ok({ oidMachine: 0 }),
  listCommands: (command) => ok({ commands: Object.fromEntries(knownCommands(command).map((name) => [name, {}])) }),
  profile: (command) => {
    if ((numberOf(command.document.profile) ?? -1) <= 0) return ok({ was: 0, slowms: 100, sampleRate: 1 });
    throw MongoError.of('CommandNotSupported', 'the profiler is not supported');
  },
  getDefaultRWConcern: () =>
    ok({ defaultReadConcern: { level: 'local' }, defaultWriteConcern: { w: 'majority', wtimeout: 0 } }),
  replSetGetConfig: ({ gateway }) =>
    ok({ config: { _id: REPLICA_SET, version: 1, members: [{ _id: 0, host: gateway.address }] } }),
  usersInfo: () => ok({ users: [] }),
  rolesInfo: () => ok({ roles: [] }),
  createSearchIndexes: refuseSearch,
  updateSearchIndex: refuseSearch,
  dropSearchIndex: refuseSearch,
  fsync: () => ok({ numFiles: 1 }),
  logRotate: () => ok(),
};

function refuseSearch(): Promise<never> {
  return Promise.reject(
    MongoError.of('SearchNotEnabled', 'search indexes are a service of MongoDB Atlas, and are not supported here'),
  );
}

/** Filled by the registry, which knows every command; the list and the registry would otherwise import each other. */
let commandNames: readonly string[] = [];
export function announceCommands(names: readonly string[]): void {
  commandNames = names;
}

const knownCommands = (_command: Command) => commandNames;

function buildInfo(): Fields {
  return {
    version: SERVER_VERSION,
    versionArray: [...SERVER_VERSION.split('.').map(Number), 0],
    gitVersion: 'documentdb-gateway',
    modules: [],
    bits: 64,
    debug: false,
    maxBsonObjectSize: 16_777_216,
    storageEngines: ['documentdb'],
  };
}

function parameters(command: Command): Fields {
  const known: Fields = {
    featureCompatibilityVersion: { version: SERVER_VERSION.slice(0, 3) },
    authenticationMechanisms: ['SCRAM-SHA-256'],
    transactionLifetimeLimitSeconds: 60,
    enableTestCommands: command.gateway.failPoints !== null,
  };
  if (command.document.getParameter === '*') return known;
  const asked = Object.keys(command.document).filter((name) => Object.hasOwn(known, name));
  if (asked.length === 0) throw MongoError.of('InvalidOptions', 'no option found to get');
  return Object.fromEntries(asked.map((name) => [name, known[name]]));
}

function serverStatus({ gateway }: Command): Fields {
  const uptime = (Date.now() - gateway.startedAt) / 1000;
  const pool = gateway.database.stats;
  return {
    host: gateway.address,
    version: SERVER_VERSION,
    process: 'mongod',
    pid: process.pid,
    uptime,
    uptimeMillis: Math.round(uptime * 1000),
    localTime: new Date(),
    connections: { current: gateway.connectionCount(), available: 10_000, totalCreated: 0 },
    opcounters: gateway.counters.toDocument(),
    mem: { bits: 64, resident: Math.round(residentBytes() / 2 ** 20), supported: true },
    metrics: { cursor: { open: { total: gateway.cursors.open } } },
    transactions: { currentOpen: gateway.sessions.openTransactions },
    storageEngine: { name: 'documentdb', supportsCommittedReads: true, persistent: true },
    repl: { setName: REPLICA_SET, isWritablePrimary: true, hosts: [gateway.address], me: gateway.address },
    postgres: pool,
  };
}

function residentBytes(): number {
  try {
    return Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4096;
  } catch {
    return process.memoryUsage.rss();
  }
}
