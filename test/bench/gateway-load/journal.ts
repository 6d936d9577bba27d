import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientError } from './client-errors';

/** What increments are counted under. */
export type Counter = 'hot' | 'many' | 'upserted';
export const COUNTERS: readonly Counter[] = ['hot', 'many', 'upserted'];

/** What a client writes down before and after each increment, so that a kill between two steps loses nothing of it. */
export class Journal {
  private readonly file: number;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  /** @returns what `increment` does, noted as begun before it and as acknowledged after it */
  async counting<T>(counter: Counter, by: number, increment: () => Promise<T>): Promise<T> {
    this.write(`begun ${counter} ${by}`);
    const result = await increment();
    this.write(`acknowledged ${counter} ${by}`);
    return result;
  }

  error(error: ClientError): void {
    this.write(`error ${JSON.stringify(error)}`);
  }

  close(): void {
    closeSync(this.file);
  }

  private write(line: string): void {
    writeSync(this.file, `${line}\n`);
  }
}

/** All that the clients of a run have written down. */
export interface Noted {
  begun: Record<Counter, number>;
  acknowledged: Record<Counter, number>;
  errors: ClientError[];
}

export function readJournals(folder: string): Noted {
  const none = () => ({ hot: 0, many: 0, upserted: 0 });
  const noted: Noted = { begun: none(), acknowledged: none(), errors: [] };
  for (const name of readdirSync(folder)) {
    // The last line of a client that was killed may be cut off.
    const lines = readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);
    for (const line of lines) {
      const [kind, counter, by] = line.split(' ') as [string, Counter, string];
      if (kind === 'error') noted.errors.push(JSON.parse(line.slice('error '.length)) as ClientError);
      else noted[kind as 'begun' | 'acknowledged'][counter] += Number(by);
    }
  }
  return noted;
}
