import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestSystem } from '#caas/testing';
import { builtEntry, repositoryRoot } from '../../tools/stack/repository';
import type { Answered, Asked } from './command-host';

export interface CommandEnd {
  code: number;
  /** What `--json` answers; null when it answers nothing. */
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into JSON of every shape */
  found: any;
  complaints: string;
  /** The signal that ended it. */
  signal: string | null;
}

type Environment = Record<string, string>;
type CommandLine = (words: string[], more?: Environment) => Promise<CommandEnd>;

const asOfAnOperator = (system: TestSystem, more: Environment): NodeJS.ProcessEnv => ({
  ...process.env,
  ...more,
  NODE_ENV: 'test',
  DATA_DIR: system.dataDir,
});

/** `npm run caas -- <words> --json` beside a running system, as an operator types it: a process of its own. */
export const commandLine =
  (system: TestSystem, environment: Environment = {}): CommandLine =>
  (words, more = {}) => {
    const env = asOfAnOperator(system, { ...environment, ...more });
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [builtEntry('cli'), ...words, '--json'], { env }, (error, output, complaints) => {
        try {
          resolve({ code: Number(error?.code ?? 0), found: read(output), complaints, signal: error?.signal ?? null });
        } catch {
          reject(new Error(`${output}${complaints}`));
        }
      });
    });
  };

/** The same for a suite of many commands, one after the other: see `command-host`. */
export function commandsInTurn(system: TestSystem, environment: Environment = {}): CommandLine {
  let host: ChildProcess | undefined;
  let ended: Promise<never>;
  let last: Promise<unknown> = Promise.resolve();
  afterAll(() => host?.disconnect());
  const ask = async (asked: Asked): Promise<CommandEnd> => {
    if (!host) {
      host = fork(join(repositoryRoot(), 'dist/test/support/command-host.js'), { execArgv: [] });
      ended = once(host, 'exit').then(() => Promise.reject(new Error('The command line has ended.')));
      ended.catch(() => undefined);
    }
    host.send(asked);
    const [{ code, output, complaints }] = (await Promise.race([once(host, 'message'), ended])) as [Answered];
    return { code, found: read(output), complaints, signal: null };
  };
  return (words, more = {}) => {
    const asked = { words: [...words, '--json'], env: asOfAnOperator(system, { ...environment, ...more }) };
    const answer = last.then(() => ask(asked));
    last = answer.catch(() => undefined);
    return answer;
  };
}

const read = (output: string): unknown => (output === '' ? null : JSON.parse(output));
