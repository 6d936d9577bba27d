/**
 * `npm run mongoose-suite [-- files]`: mongoose's own tests against the MongoDB-wire gateway and a fresh embedded engine, or
 * against `MONGODB_URI`. The published package has no tests, so `MONGOOSE_CHECKOUT` names a checkout of mongoose's sources in
 * which `npm install` was done. Exits with 1 below the share that must pass.
 */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDataDir, startEngines } from '../stack';
import { runMocha } from './mocha';
import { report, type SuiteResult } from './report';

const MUST_PASS = 0.985;

async function main(files: string[]): Promise<boolean> {
  const checkout = checkoutFolder(process.env['MONGOOSE_CHECKOUT']);
  const dataDir = await mkdtemp(join(tmpdir(), 'caas-mongoose-suite-'));
  const engines = await startEngines({
    dataDir,
    mongodbUri: process.env['MONGODB_URI'] || undefined,
    redisUrl: 'redis://not-needed',
    durable: false,
    progress: (line) => console.log(`mongoose-suite: ${line}`),
  });
  let result: SuiteResult;
  try {
    result = await runMocha({ checkout, files, mongodbUri: engines.mongodbUri, dataDir });
  } finally {
    await engines.stop();
    await removeDataDir(dataDir);
  }
  const { lines, share } = report(result);
  console.log(lines.join('\n'));
  return share >= MUST_PASS;
}

function checkoutFolder(folder: string | undefined): string {
  if (!folder) throw new Error('MONGOOSE_CHECKOUT must name a checkout of mongoose, with its tests');
  for (const needed of ['test/common.js', 'node_modules/mocha/bin/mocha.js', 'node_modules/mongodb']) {
    if (!existsSync(join(folder, needed)))
      throw new Error(`${folder} has no ${needed}: clone it and run npm install there`);
  }
  return folder;
}

void main(process.argv.slice(2)).then(
  (enough) => process.exit(enough ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
