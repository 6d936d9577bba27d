import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDataDir, startEngines } from '../../../tools/stack';

export interface BenchEngines {
  mongodbUri: string;
  redisUrl: string;
  /** `postgresql://…` of the embedded PostgreSQL; absent with another engine. */
  postgresUri: string | undefined;
  /** Their main processes, for accounts of CPU time; empty when they are not ours. */
  pids: number[];
  stop(): Promise<void>;
}

/**
 * Engines for one bench: durable ones of its own in a folder that is thrown away, or, when `MONGODB_URI` and `REDIS_URL` are
 * set, those (`BENCH_POSTGRES`, a `postgresql://` URI, then says where the PostgreSQL behind them is, and `BENCH_ENGINE_PIDS` what to account for).
 */
export async function benchEngines(): Promise<BenchEngines> {
  const { MONGODB_URI, REDIS_URL, BENCH_POSTGRES, BENCH_ENGINE_PIDS } = process.env;
  if (MONGODB_URI && REDIS_URL) {
    return {
      mongodbUri: MONGODB_URI,
      redisUrl: REDIS_URL,
      postgresUri: BENCH_POSTGRES,
      pids: (BENCH_ENGINE_PIDS ?? '').split(',').filter(Boolean).map(Number),
      stop: () => Promise.resolve(),
    };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'caas-bench-'));
  const engines = await startEngines({ dataDir, progress: (line) => console.log(`bench: ${line}`) });
  const running = Object.values(engines.processes).flatMap((each) => (each.pid ? [each.pid] : []));
  return {
    mongodbUri: engines.mongodbUri,
    redisUrl: engines.redisUrl,
    postgresUri: engines.postgresUri,
    pids: running,
    stop: async () => {
      await engines.stop();
      await removeDataDir(dataDir);
    },
  };
}
