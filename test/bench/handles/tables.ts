import { Client } from 'pg';
import { TenancyHarness } from '#caas/testing/tenancy';
import { benchCollections } from './collections';

export interface TablesReport {
  tenants: number;
  collectionsEach: number;
  /** Median of the first and of the last ten, to see whether it grows. */
  firstMs: number;
  lastMs: number;
  bytesPerTenant: number;
  relationsPerTenant: number;
}

/**
 * What a prefixed tenant weighs in the embedded engine, where every collection is a table with indexes of its own. Without
 * `postgresUri` only the times are known.
 */
export async function provisionForReal(tenants: number, postgresUri: string | undefined): Promise<TablesReport> {
  const harness = new TenancyHarness(benchCollections);
  await harness.tenant('prefixed');
  const before = await weigh(postgresUri);
  const times: number[] = [];
  for (let made = 0; made < tenants; made += 1) {
    const startedAt = performance.now();
    await harness.tenant('prefixed');
    times.push(performance.now() - startedAt);
  }
  const after = await weigh(postgresUri);
  await harness.close();
  return {
    tenants,
    collectionsEach: benchCollections.length,
    firstMs: median(times.slice(0, 10)),
    lastMs: median(times.slice(-10)),
    bytesPerTenant: (after.bytes - before.bytes) / tenants,
    relationsPerTenant: (after.relations - before.relations) / tenants,
  };
}

async function weigh(postgresUri: string | undefined): Promise<{ bytes: number; relations: number }> {
  if (!postgresUri) return { bytes: NaN, relations: NaN };
  const client = new Client({ connectionString: postgresUri });
  await client.connect();
  try {
    const { rows } = await client.query<{ bytes: string; relations: string }>(
      'select pg_database_size(current_database()) as bytes, (select count(*) from pg_class) as relations',
    );
    return { bytes: Number(rows[0]?.bytes), relations: Number(rows[0]?.relations) };
  } finally {
    await client.end();
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
