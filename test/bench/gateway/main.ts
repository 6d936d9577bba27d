/**
 * `npm run bench:gateway`: what the MongoDB-wire gateway costs. Inserts of one document, 32 at a time, through driver and gateway
 * against the same `documentdb_api.insert` calls made directly with node-postgres, in turns on the same engine; medians of five. Once
 * with the driver's retryable writes, whose record in the same transaction the direct calls do not have, and once without.
 * `BENCH_GATEWAY` and `BENCH_POSTGRES` (`mongodb://` and `postgresql://` URIs) use engines that run already. Exits with 1 when the goal is missed.
 */
import { randomUUID } from 'node:crypto';
import { benchEngines } from '../support/engines';
import { directInserter, driverInserter, type Inserter } from './inserters';

const AT_ONCE = 32;
const REPETITIONS = 5;
const WARM_UP_MS = 3_000;
const MEASURE_MS = 5_000;
const GOAL = 1;

async function main(): Promise<boolean> {
  const engines = await gatewayEngines();
  try {
    const database = `bench_gateway_${randomUUID().slice(0, 8)}`;
    const inserters = {
      retryable: await driverInserter(engines.mongodbUri, database, AT_ONCE, true),
      plain: await driverInserter(engines.mongodbUri, database, AT_ONCE, false),
      direct: await directInserter(engines.postgresUri, database, AT_ONCE),
    };
    try {
      return await compare(inserters);
    } finally {
      for (const each of Object.values(inserters)) await each.close();
    }
  } finally {
    await engines.stop();
  }
}

type Way = 'retryable' | 'plain' | 'direct';

async function compare(inserters: Record<Way, Inserter>): Promise<boolean> {
  const ways = Object.entries(inserters) as [Way, Inserter][];
  for (const [, inserter] of ways) await rate(inserter, WARM_UP_MS);
  const rates: Record<Way, number[]> = { retryable: [], plain: [], direct: [] };
  for (let repetition = 1; repetition <= REPETITIONS; repetition += 1) {
    for (const [way, inserter] of ways) rates[way].push(await rate(inserter, MEASURE_MS));
    console.log(`repetition ${repetition}: ${ways.map(([way]) => `${way} ${shown(rates[way].at(-1)!)}`).join(', ')}`);
  }
  const direct = median(rates.direct);
  const line = (way: Way, what: string) => {
    const ratio = median(rates[way]) / direct;
    const verdict = ratio >= GOAL ? 'met' : 'MISSED';
    return `  ${what.padEnd(34)} ${shown(median(rates[way]))}   ${ratio.toFixed(2)} (goal >= ${GOAL.toFixed(2)}: ${verdict})`;
  };
  console.log(`
insertOne, ${AT_ONCE} at once, medians of ${REPETITIONS}
  ${'documentdb_api.insert, directly'.padEnd(34)} ${shown(direct)}
${line('plain', 'driver + gateway, retryWrites=false')}
${line('retryable', 'driver + gateway')}`);
  return median(rates.retryable) / direct >= GOAL;
}

/** Inserts a second over `durationMs`, `AT_ONCE` always under way. */
async function rate({ insert }: Inserter, durationMs: number): Promise<number> {
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;
  let count = 0;
  const worker = async (worker: number) => {
    for (; performance.now() < endsAt; count += 1) await insert(worker);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => worker(index)));
  return (count / (performance.now() - startedAt)) * 1000;
}

async function gatewayEngines(): Promise<{ mongodbUri: string; postgresUri: string; stop: () => Promise<void> }> {
  const { BENCH_GATEWAY, BENCH_POSTGRES } = process.env;
  if (BENCH_GATEWAY && BENCH_POSTGRES) {
    return { mongodbUri: BENCH_GATEWAY, postgresUri: BENCH_POSTGRES, stop: () => Promise.resolve() };
  }
  const engines = await benchEngines();
  const { mongodbUri, postgresUri } = engines;
  if (postgresUri === undefined) throw new Error('this bench needs the embedded engine: unset MONGODB_URI');
  return { mongodbUri, postgresUri, stop: () => engines.stop() };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const shown = (rate: number) => `${Math.round(rate).toString().padStart(6)}/s`;

void main().then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
