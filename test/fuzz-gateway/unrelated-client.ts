import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, framed } from './connection';
import { encode, Fields } from './inputs/raw-bson';

const PAUSE_MS = 10;
const NAMESPACE = [['$db', 'fz_unrelated']] as const;
const WRITE = framed(
  encode(new Fields([['insert', 'rows'], ['documents', [{ _id: 1, here: true }]], ...NAMESPACE]), 0n),
);
const READ = framed(
  encode(new Fields([['find', 'rows'], ['filter', { _id: 1 }], ['limit', 1], ['singleBatch', true], ...NAMESPACE]), 0n),
);

/** Somebody with nothing to do with the others: reads one document again and again. */
export class UnrelatedClient {
  private connection: Connection | null = null;
  private stopped = false;
  private done: Promise<void> = Promise.resolve();

  /** @param onAnswer the time it took, and what was wrong with it */
  constructor(
    private readonly port: () => number,
    private readonly waitMs: number,
    private readonly onAnswer: (ms: number, wrong: string | null) => void,
  ) {}

  async start(): Promise<void> {
    const connection = await Connection.to(this.port());
    await connection.ask(WRITE, this.waitMs);
    this.connection = connection;
    this.done = this.loop();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
    this.connection?.close();
  }

  private async loop(): Promise<void> {
    for (; !this.stopped; await sleep(PAUSE_MS)) {
      const startedAt = performance.now();
      const wrong = await this.read();
      this.onAnswer(performance.now() - startedAt, wrong);
    }
  }

  private async read(): Promise<string | null> {
    try {
      const connection = (this.connection ??= await Connection.to(this.port()));
      const outcome = await connection.ask(READ, this.waitMs);
      if (outcome.reply === null) {
        connection.close();
        this.connection = null;
        return outcome.why;
      }
      const { cursor, errmsg } = outcome.reply as { cursor?: { firstBatch: unknown[] }; errmsg?: string };
      return cursor?.firstBatch.length === 1 ? null : (errmsg ?? 'the document is not there');
    } catch (error) {
      return (error as Error).message;
    }
  }
}
