import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDataDir, startEngines } from '../../../tools/stack';
import type { Roles } from './cpu';

export interface BenchEngines {
  mongodbUri: string;
  redisUrl: string;
  /** `postgresql://…` of the embedded PostgreSQL; absent with another engine. */
  postgresUri: string | undefined;
  /** Their main processes, for accounts of CPU time: `gateway`, `postgres` or `mongod`, and `redis`; none when they are not ours. */
  roles: Roles;
  pids: number[];
  stop(): Promise<void>;
}

/**
 * Engines for one bench: durable ones of its own in a folder that is thrown away, or, when `MONGODB_URI` and `REDIS_URL` are
 * set, those (`BENCH_POSTGRES`, a `postgresql://` URI, then says where the PostgreSQL behind them is, and `BENCH_ENGINE_PIDS` what
 * to account for: `gateway:12,postgres:13,redis:14`, or pids alone).
 */
export async function benchEngines(): Promise<BenchEngines> {
  const { MONGODB_URI, REDIS_URL, BENCH_POSTGRES, BENCH_ENGINE_PIDS } = process.env;
  if (MONGODB_URI && REDIS_URL) {
    const roles = rolesIn(BENCH_ENGINE_PIDS ?? '');
    return {
      mongodbUri: MONGODB_URI,
      redisUrl: REDIS_URL,
      postgresUri: BENCH_POSTGRES,
      roles,
      pids: Object.values(roles),
      stop: () => Promise.resolve(),
    };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'caas-bench-'));
  const engines = await startEngines({ dataDir, progress: (line) => console.log(`bench: ${line}`) });
  const roles: Roles = {};
  for (const [role, { pid }] of Object.entries(engines.processes)) if (pid) roles[role] = pid;
  return {
    mongodbUri: engines.mongodbUri,
    redisUrl: engines.redisUrl,
    postgresUri: engines.postgresUri,
    roles,
    pids: Object.values(roles),
    stop: async () => {
      await engines.stop();
      await removeDataDir(dataDir);
    },
  };
}

/** @param list `role:pid` or `pid`, with commas between them */
function rolesIn(list: string): Roles {
  const entries = list.split(',').filter(Boolean);
  return Object.fromEntries(
    entries.map((entry, at) => {
      const [role, pid] = entry.includes(':') ? entry.split(':') : [`engine-${at}`, entry];
      return [role!, Number(pid)];
    }),
  );
}
