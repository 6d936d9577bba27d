/**
 * `npm run bench:gateway`: what the MongoDB-wire gateway costs. Inserts of one document, 32 at a time, through driver and gateway
 * against the same `documentdb_api.insert` calls made directly with node-postgres, in turns on the same engine; medians of three.
 * `BENCH_GATEWAY` and `BENCH_POSTGRES` (`mongodb://` and `postgresql://` URIs) use engines that run already. Exits with 1 when the goal is missed.
 */
import { randomUUID } from 'node:crypto';
import { benchEngines } from '../support/engines';
import { directInserter, driverInserter, type Inserter } from './inserters';

const AT_ONCE = 32;
const REPETITIONS = 3;
const WARM_UP_MS = 3_000;
const MEASURE_MS = 5_000;
const GOAL = 0.6;

async function main(): Promise<boolean> {
  const engines = await gatewayEngines();
  try {
    const database = `bench_gateway_${randomUUID().slice(0, 8)}`;
    const viaGateway = await driverInserter(engines.mongodbUri, database, AT_ONCE);
    const direct = await directInserter(engines.postgresUri, database, AT_ONCE);
    try {
      return await compare(viaGateway, direct);
    } finally {
      await direct.close();
      await viaGateway.close();
    }
  } finally {
    await engines.stop();
  }
}

async function compare(viaGateway: Inserter, direct: Inserter): Promise<boolean> {
  for (const inserter of [viaGateway, direct]) await rate(inserter, WARM_UP_MS);
  const rates = { gateway: [] as number[], direct: [] as number[] };
  for (let repetition = 1; repetition <= REPETITIONS; repetition += 1) {
    const gateway = await rate(viaGateway, MEASURE_MS);
    const bare = await rate(direct, MEASURE_MS);
    rates.gateway.push(gateway);
    rates.direct.push(bare);
    console.log(
      `repetition ${repetition}: gateway ${shown(gateway)}, direct ${shown(bare)}, ratio ${(gateway / bare).toFixed(2)}`,
    );
  }
  const ratio = median(rates.gateway) / median(rates.direct);
  console.log(`
insertOne, ${AT_ONCE} at once, medians of ${REPETITIONS}
  driver + gateway        ${shown(median(rates.gateway))}
  documentdb_api.insert   ${shown(median(rates.direct))}   (node-postgres, ${AT_ONCE} connections)
  ratio                   ${ratio.toFixed(2)}   (goal >= ${GOAL.toFixed(2)}: ${ratio >= GOAL ? 'met' : 'MISSED'})`);
  return ratio >= GOAL;
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
