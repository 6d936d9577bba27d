import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MochaResult } from './report';

interface Run {
  checkout: string;
  /** Mocha's own arguments, files and options. */
  args: readonly string[];
  /** Added to the environment. */
  env: Record<string, string>;
  /** A folder for the result. */
  dataDir: string;
}

/** Runs the checkout's own mocha in it. @throws when mocha ends without a result */
export async function runMocha({ checkout, args, env, dataDir }: Run): Promise<MochaResult> {
  const output = join(dataDir, 'mocha.json');
  const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js');
  const child = spawn(
    process.execPath,
    [mocha, '--exit', '--reporter', 'json', '--reporter-option', `output=${output}`, ...args],
    { cwd: checkout, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  await once(child, 'close');
  return JSON.parse(await readFile(output, 'utf8')) as MochaResult;
}
