/**
 * `npm run fuzz:gateway [-- COUNT]`: 50,000 commands made up by a seed, from eight clients at once, sent to a gateway of its own on a PostgreSQL that
 * may fall over. A command that ends PostgreSQL or the gateway, that is not answered within 30 s, or with something that is no reply of a MongoDB, is
 * printed and kept in a file; the run goes on, to find more, and exits with 1. InternalErrors are listed by their words, and
 * fail the run with `--strict`. `FUZZ_SEED` makes a run again; `--only 17,42` makes these scripts of the seed alone, one after the
 * other; `--replay FILE` sends the lines of a file of findings. `FUZZ_POSTGRES` is a `postgresql://` URI of an engine that runs already.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchEngines } from '../bench/support/engines';
import { frameOf } from './connection';
import { GatewayFuzz } from './gateway-fuzz';
import { lineOf, type FuzzReport } from './report';
import { replay } from './replay';

const COMMANDS = 50_000;
const MOST_MS = 4 * 3_600_000;

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, replay: { type: 'string' }, strict: { type: 'boolean', default: false } },
  });
  const seed = Number(process.env.FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31));
  const commands = Number(positionals[0] ?? process.env.FUZZ_COMMANDS ?? COMMANDS);
  const only = values.only?.split(',').map(Number);
  if (![seed, commands, ...(only ?? [])].every(Number.isSafeInteger))
    throw new Error('COUNT, FUZZ_SEED and --only want numbers');
  console.log(`FUZZ_SEED=${seed} npm run fuzz:gateway -- ${commands}${only ? ` --only ${values.only}` : ''}`);
  const engine = await fuzzedEngine();
  try {
    if (values.replay) return await replay(engine.postgresUri, readFileSync(values.replay, 'utf8'));
    const report = await GatewayFuzz.run(engine.postgresUri, { seed, commands, only, mostMs: MOST_MS, shrinks: true });
    console.log(report.text());
    if (report.findings.length > 0) console.log(`the findings, to replay: ${keep(report, seed)}`);
    return report.findings.length === 0 && report.crashes === 0 && !(values.strict && report.internalErrors > 0);
  } finally {
    await engine.stop();
  }
}

/** A line for each finding: what it was, its commands to read, and their very bytes. */
function keep(report: FuzzReport, seed: number): string {
  const file = join(tmpdir(), `gateway-fuzz-${seed}-${process.pid}.ejson`);
  const lines = report.findings.map(({ what, number, script }) =>
    JSON.stringify({
      what,
      number,
      commands: script.map(lineOf),
      frames: script.map((sent) => frameOf(sent, 0n).toString('base64')),
    }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

async function fuzzedEngine(): Promise<{ postgresUri: string; stop: () => Promise<void> }> {
  const { FUZZ_POSTGRES } = process.env;
  if (FUZZ_POSTGRES) return { postgresUri: FUZZ_POSTGRES, stop: () => Promise.resolve() };
  const engines = await benchEngines();
  if (engines.postgresUri === undefined) throw new Error('this fuzz needs the embedded engine: unset MONGODB_URI');
  return { postgresUri: engines.postgresUri, stop: () => engines.stop() };
}

void main().then(
  (held) => process.exit(held ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
