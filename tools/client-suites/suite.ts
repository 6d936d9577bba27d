/** Other people's test suites of MongoDB clients, run against the gateway as they are. */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDataDir, startEngines } from '../stack';
import { runMocha } from './mocha';
import { report, type EngineLimit, type MochaResult, type SuiteReport } from './report';

export interface ClientSuite {
  /** Of the npm script. */
  name: string;
  /** The environment variable that names the checkout of the client's sources, in which `npm install` was done. */
  checkoutVariable: string;
  /** Files that such a checkout has. */
  needed: readonly string[];
  /** Mocha's options, before the files. */
  mochaOptions?: readonly string[];
  /** What runs when the command line names no files. */
  files: readonly string[];
  environment: (mongodbUri: string) => Record<string, string>;
  limits: readonly EngineLimit[];
  folderOf: (file: string) => string;
  /** Whether the run is good enough. */
  passes: (report: SuiteReport) => boolean;
}

/** Runs a suite against fresh embedded engines, or against `MONGODB_URI`, and ends the process: with 1 unless it passes. */
export function runClientSuite(suite: ClientSuite, files = process.argv.slice(2)): void {
  run(suite, files).then(
    (enough) => process.exit(enough ? 0 : 1),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
}

async function run(suite: ClientSuite, files: string[]): Promise<boolean> {
  const checkout = checkoutFolder(suite);
  const dataDir = await mkdtemp(join(tmpdir(), `caas-${suite.name}-`));
  const engines = await startEngines({
    dataDir,
    mongodbUri: process.env['MONGODB_URI'] || undefined,
    redisUrl: 'redis://not-needed',
    durable: false,
    gateway: { testCommands: true, login: false },
    progress: (line) => console.log(`${suite.name}: ${line}`),
  });
  let result: MochaResult;
  try {
    const args = [...(suite.mochaOptions ?? []), ...(files.length > 0 ? files : suite.files)];
    result = await runMocha({ checkout, args, env: suite.environment(engines.mongodbUri), dataDir });
  } finally {
    await engines.stop();
    await removeDataDir(dataDir);
  }
  const outcome = report(result, suite);
  console.log(outcome.lines.join('\n'));
  return suite.passes(outcome);
}

function checkoutFolder({ checkoutVariable, needed }: ClientSuite): string {
  const folder = process.env[checkoutVariable];
  if (!folder) throw new Error(`${checkoutVariable} must name a checkout of the client's sources, with its tests`);
  const missing = [...needed, 'node_modules/mocha/bin/mocha.js'].find((file) => !existsSync(join(folder, file)));
  if (missing) throw new Error(`${folder} has no ${missing}: clone it and run npm install there`);
  return folder;
}
