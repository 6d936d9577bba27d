import { setImmediate as turn } from 'node:timers/promises';
import type { Placement } from '#caas/kernel';
import { aTenant, TenancyHarness } from '#caas/testing/tenancy';
import { benchCollections } from './collections';

export interface MemorySample {
  tenants: number;
  rssBytes: number;
  heapBytes: number;
}

export interface MemoryRun {
  placement: Placement;
  maxHandles: number;
  samples: MemorySample[];
  /** Growth from the moment the cap was reached to the end, as a fraction. */
  rssGrowth: number;
  heapGrowth: number;
  openHandles: number;
}

const SAMPLE_EVERY = 100;
/** A tenant that leaves the cache is garbage of some 130 kB; how much of it lies about between collections is not the question. */
const COLLECT_EVERY = 20;

/**
 * Touches every collection of `tenants` tenants in turn with a real read (of collections that do not exist: what they weigh in
 * the engine is another question), and watches this process' memory. Needs `--expose-gc`.
 */
export async function touchInTurn(placement: Placement, tenants: number, maxHandles: number): Promise<MemoryRun> {
  const harness = new TenancyHarness(benchCollections, { maxHandles });
  await harness.connections.ready();
  const samples: MemorySample[] = [];
  for (let touched = 1; touched <= tenants; touched += 1) {
    const ctx = harness.context(aTenant(placement));
    await Promise.all(benchCollections.map((collection) => ctx.repository(collection).findOne({ seq: touched })));
    if (touched % COLLECT_EVERY === 0) await collect();
    if (touched % SAMPLE_EVERY === 0 || touched === maxHandles) samples.push(await sample(touched));
  }
  const { openHandles } = harness.connections;
  await harness.close();
  const atCap = samples.find((each) => each.tenants >= maxHandles)!;
  const atEnd = samples.at(-1)!;
  return {
    placement,
    maxHandles,
    samples,
    rssGrowth: atEnd.rssBytes / atCap.rssBytes - 1,
    heapGrowth: atEnd.heapBytes / atCap.heapBytes - 1,
    openHandles,
  };
}

async function collect(): Promise<void> {
  if (!global.gc) throw new Error('run this with node --expose-gc');
  await turn();
  global.gc();
}

async function sample(tenants: number): Promise<MemorySample> {
  for (let round = 0; round < 3; round += 1) await collect();
  const { rss, heapUsed } = process.memoryUsage();
  return { tenants, rssBytes: rss, heapBytes: heapUsed };
}
