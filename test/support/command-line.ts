import { execFile } from 'node:child_process';
import { builtEntry } from '../../tools/stack/repository';
import type { TestSystem } from './test-system';

export interface CommandEnd {
  code: number;
  /** What `--json` answers; null when it answers nothing. */
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into JSON of every shape */
  found: any;
  complaints: string;
  /** The signal that ended it. */
  signal: string | null;
}

/** `npm run caas -- <words> --json` beside a running system, as an operator types it: a process of its own. */
export const commandLine =
  (system: TestSystem, environment: Record<string, string> = {}) =>
  (words: string[], more: Record<string, string> = {}): Promise<CommandEnd> => {
    const env = { ...process.env, ...environment, ...more, NODE_ENV: 'test', DATA_DIR: system.dataFolder };
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [builtEntry('cli'), ...words, '--json'], { env }, (error, output, complaints) => {
        try {
          const found = output === '' ? null : (JSON.parse(output) as unknown);
          resolve({ code: Number(error?.code ?? 0), found, complaints, signal: error?.signal ?? null });
        } catch {
          reject(new Error(`${output}${complaints}`));
        }
      });
    });
  };
