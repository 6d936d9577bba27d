/**
 * `npm run bench:handles`: 3,000 tenants touched in turn keep a process' memory flat, and, apart from that, what one of them
 * weighs in the engine. Exits with 1 when memory grew.
 */
import { benchEngines } from '../support/engines';
import { touchInTurn, type MemoryRun } from './memory';
import { provisionForReal } from './tables';

const TENANTS = 3_000;
const MAX_HANDLES = 500;
const MOST_GROWTH = 0.1;
const PROVISIONED = 30;

async function main(): Promise<boolean> {
  const engines = await benchEngines();
  process.env['MONGODB_URI'] = engines.mongodbUri;
  try {
    const runs: MemoryRun[] = [];
    for (const placement of ['prefixed', 'dedicated'] as const) {
      const run = await touchInTurn(placement, TENANTS, MAX_HANDLES);
      report(run);
      runs.push(run);
    }
    const tables = await provisionForReal(PROVISIONED, engines.postgresUri);
    console.log(`
The engine, apart from that: ${tables.tenants} prefixed tenants of ${tables.collectionsEach} collections provisioned for real
  ${tables.firstMs.toFixed(0)} ms each at first, ${tables.lastMs.toFixed(0)} ms at last; ${mb(tables.bytesPerTenant)} MB and ${tables.relationsPerTenant.toFixed(0)} tables and indexes per tenant, empty`);
    return runs.every((run) => run.rssGrowth < MOST_GROWTH && run.openHandles <= MAX_HANDLES);
  } finally {
    await engines.stop();
  }
}

function report({ placement, maxHandles, samples, rssGrowth, heapGrowth, openHandles }: MemoryRun): void {
  const shown = samples.filter(({ tenants }) => tenants === maxHandles || tenants % 500 === 0);
  console.log(`
${TENANTS} ${placement} tenants touched in turn, at most ${maxHandles} handles (${openHandles} at the end)
  tenants  ${shown.map(({ tenants }) => String(tenants).padStart(7)).join('')}
  RSS MB   ${shown.map(({ rssBytes }) => mb(rssBytes).padStart(7)).join('')}
  heap MB  ${shown.map(({ heapBytes }) => mb(heapBytes).padStart(7)).join('')}
  RSS growth since the cap was reached ${percent(rssGrowth)} (goal under ${percent(MOST_GROWTH)}), live heap ${percent(heapGrowth)}: ${rssGrowth < MOST_GROWTH ? 'met' : 'MISSED'}`);
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
const percent = (fraction: number) => `${(fraction * 100).toFixed(1)} %`;

void main().then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
