/** One client process of the load: does the mix, flat out or at a rate, until it is told to stop or killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { clientError } from './client-errors';
import { Journal } from './journal';
import { anyOperation, Mix } from './mix';

export interface ClientTask {
  mongodbUri: string;
  database: string;
  journal: string;
  /** Operations a second; null does `atOnce` without a pause. */
  perSecond: number | null;
}
/** What was done since the last such message. */
export type ClientMessage = Record<string, { count: number; maxMs: number }>;

const AT_ONCE = 8;
const MOST_AT_ONCE = 48;
const TICK_MS = 20;
const TELL_EVERY_MS = 500;
const ANSWER_MS = 30_000;

class LoadClient {
  private readonly underWay = new Map<Promise<void>, string>();
  private done: ClientMessage = {};
  private stopped = false;

  constructor(
    private readonly mix: Mix,
    private readonly journal: Journal,
  ) {}

  async flatOut(): Promise<void> {
    const worker = async () => {
      while (!this.stopped) await this.one();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async atRate(perSecond: number): Promise<void> {
    const startedAt = performance.now();
    for (let begun = 0; !this.stopped; await sleep(TICK_MS)) {
      const due = ((performance.now() - startedAt) / 1_000) * perSecond;
      // What could not be begun in time is not made up for: that would be another load.
      if (due - begun > perSecond) begun = due - perSecond;
      for (; begun < due && this.underWay.size < MOST_AT_ONCE; begun += 1) void this.one();
    }
    for (const deadline = Date.now() + ANSWER_MS; this.underWay.size > 0 && Date.now() < deadline;)
      await sleep(TICK_MS);
    for (const operation of this.underWay.values()) {
      this.journal.error(clientError(operation, new Error(`no answer in ${ANSWER_MS} ms`)));
    }
  }

  stop(): void {
    this.stopped = true;
  }

  /** Nothing until something is done. */
  tell(): void {
    if (Object.keys(this.done).length === 0) return;
    const { begun, committed } = this.mix.transactions;
    process.send!({
      ...this.done,
      '(transaction begun)': { count: begun, maxMs: 0 },
      '(committed)': { count: committed, maxMs: 0 },
    });
    this.mix.transactions.begun = this.mix.transactions.committed = 0;
    this.done = {};
  }

  private async one(): Promise<void> {
    const name = anyOperation();
    const startedAt = performance.now();
    const work = this.mix.operations[name]().then(
      () => undefined,
      (error: unknown) => {
        if (!this.stopped || !/closed|destroyed/.test((error as Error).message))
          this.journal.error(clientError(name, error));
      },
    );
    this.underWay.set(work, name);
    await work;
    this.underWay.delete(work);
    const ms = performance.now() - startedAt;
    const { count, maxMs } = this.done[name] ?? { count: 0, maxMs: 0 };
    this.done[name] = { count: count + 1, maxMs: Math.max(maxMs, ms) };
  }
}

async function main({ mongodbUri, database, journal: path, perSecond }: ClientTask): Promise<void> {
  const client = new MongoClient(mongodbUri, { maxPoolSize: MOST_AT_ONCE });
  const journal = new Journal(path);
  const load = new LoadClient(new Mix(client, database, journal), journal);
  process.on('message', () => load.stop());
  process.on('disconnect', () => process.exit(1));
  const telling = setInterval(() => load.tell(), TELL_EVERY_MS);
  await (perSecond === null ? load.flatOut() : load.atRate(perSecond));
  clearInterval(telling);
  load.tell();
  await client.close();
  journal.close();
  process.exit(0);
}

process.once('message', (task: ClientTask) => void main(task));
