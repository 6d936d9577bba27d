import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SuiteResult } from './report';

interface Run {
  checkout: string;
  /** Test files inside the checkout; all of `test/*.test.js` when there are none. */
  files: string[];
  mongodbUri: string;
  /** A folder for the result. */
  dataDir: string;
}

/** Runs mocha in the checkout, as mongoose's own `npm test` does. @throws when mocha ends without a result */
export async function runMocha({ checkout, files, mongodbUri, dataDir }: Run): Promise<SuiteResult> {
  const output = join(dataDir, 'mocha.json');
  const tests = files.length > 0 ? files : ['./test/*.test.js'];
  const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js');
  const child = spawn(
    process.execPath,
    [mocha, '--exit', '--reporter', 'json', '--reporter-option', `output=${output}`, ...tests],
    { cwd: checkout, env: { ...process.env, MONGOOSE_TEST_URI: mongodbUri }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  await once(child, 'close');
  return JSON.parse(await readFile(output, 'utf8')) as SuiteResult;
}
