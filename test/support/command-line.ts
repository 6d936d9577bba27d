import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestSystem } from '#caas/testing';
import { builtEntry, repositoryRoot } from '../../tools/stack/repository';
import type { Answered, Asked } from './command-host';

export { COMMANDS, GROUPS } from '../../apps/cli/src/run';

export interface CommandEnd {
  code: number;
  /** What `--json` answers; null when it answers nothing. */
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into JSON of every shape */
  found: any;
  complaints: string;
  /** The same, read; null when it complains of nothing. */
  problem: { code: string; detail: string } | null;
  /** The signal that ended it. */
  signal: string | null;
}

type Environment = Record<string, string>;
type CommandLine = (words: string[], more?: Environment) => Promise<CommandEnd>;

/** Also without `--json`. */
type CommandsInTurn = CommandLine & { plain(words: string[]): Promise<{ code: number; output: string }> };

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
          const end = endOf(Number(error?.code ?? 0), output, complaints);
          resolve({ ...end, signal: error?.signal ?? null });
        } catch {
          reject(new Error(`${output}${complaints}`));
        }
      });
    });
  };

/** Each command leaves its application in the process: after hundreds its memory is full. */
const COMMANDS_OF_A_HOST = 50;

/** The same for a suite of many commands, one after the other: see `command-host`. */
export function commandsInTurn(system: TestSystem, environment: Environment = {}): CommandsInTurn {
  let host: ChildProcess | undefined;
  let ended: Promise<never>;
  let last: Promise<unknown> = Promise.resolve();
  let answers = 0;
  afterAll(() => host?.disconnect());
  const ask = async (asked: Asked): Promise<Answered> => {
    if (!host) {
      host = fork(join(repositoryRoot(), 'dist/test/support/command-host.js'), { execArgv: [] });
      ended = once(host, 'exit').then(() => Promise.reject(new Error('The command line has ended.')));
      ended.catch(() => undefined);
    }
    host.send(asked);
    const [answered] = (await Promise.race([once(host, 'message'), ended])) as [Answered];
    answers += 1;
    if (answers % COMMANDS_OF_A_HOST === 0) {
      host.disconnect();
      host = undefined;
    }
    return answered;
  };
  const inTurn = (words: string[], more: Environment): Promise<Answered> => {
    const answer = last.then(() => ask({ words, env: asOfAnOperator(system, { ...environment, ...more }) }));
    last = answer.catch(() => undefined);
    return answer;
  };
  const run: CommandLine = async (words, more = {}) => {
    const { code, output, complaints } = await inTurn([...words, '--json'], more);
    return { ...endOf(code, output, complaints), signal: null };
  };
  return Object.assign(run, { plain: (words: string[]) => inTurn(words, {}) });
}

function endOf(code: number, output: string, complaints: string): Omit<CommandEnd, 'signal'> {
  // Progress may stand before it.
  const problem = complaints.slice(complaints.search(/^\{/m));
  return {
    code,
    found: read(output),
    complaints,
    problem: code === 0 ? null : (read(problem) as CommandEnd['problem']),
  };
}

const read = (output: string): unknown =>
  output.startsWith('{') || output.startsWith('[') ? JSON.parse(output) : null;
