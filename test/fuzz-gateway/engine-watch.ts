import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

const POLL_MS = 200;
const TRY_AGAIN_MS = 100;
const RECOVERY_MS = 120_000;

/**
 * Looks at PostgreSQL without a pause. When one of its backends dies of a signal, PostgreSQL ends all the others: so a connection
 * that is lost is a crash, whoever caused it.
 */
export class EngineWatch {
  private client: Client | null = null;
  private stopped = false;
  private startedAt = '';
  /** When each crash was seen and the engine was up again, as of `performance.now()`. */
  readonly crashes: { seenAt: number; upAt: number }[] = [];
  /** Resolves when the engine is at work; replaced by each crash. */
  whenUp: Promise<void> = Promise.resolve();

  private constructor(
    private readonly uri: string,
    private readonly onCrash: (reason: string) => void,
  ) {}

  static async begin(uri: string, onCrash: (reason: string) => void): Promise<EngineWatch> {
    const watch = new EngineWatch(uri, onCrash);
    await watch.connect();
    void watch.poll();
    return watch;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new Client({ connectionString: this.uri, application_name: 'gateway-fuzz-watch' });
    client.on('error', (error) => this.lost(client, error.message));
    client.on('end', () => this.lost(client, 'the connection ended'));
    await client.connect();
    this.client = client;
    await this.look(client);
  }

  private async poll(): Promise<void> {
    while (!this.stopped) {
      await sleep(POLL_MS);
      const { client } = this;
      if (client) await this.look(client).catch((error: Error) => this.lost(client, error.message));
    }
  }

  private async look(client: Client): Promise<void> {
    const { rows } = await client.query<{ recovering: boolean; started: string }>(
      'select pg_is_in_recovery() as recovering, pg_postmaster_start_time()::text as started',
    );
    const { recovering, started } = rows[0]!;
    if (recovering) throw new Error('in recovery');
    if (this.startedAt !== '' && started !== this.startedAt && this.crashes.length === 0) {
      this.lost(client, 'PostgreSQL was started again');
    }
    this.startedAt = started;
  }

  private lost(client: Client, reason: string): void {
    if (this.stopped || this.client !== client) return;
    this.client = null;
    this.crashes.push({ seenAt: performance.now(), upAt: Infinity });
    client.end().catch(() => undefined);
    this.whenUp = this.back();
    this.onCrash(reason);
  }

  private async back(): Promise<void> {
    for (const deadline = Date.now() + RECOVERY_MS; !this.stopped; await sleep(TRY_AGAIN_MS)) {
      try {
        await this.connect();
        this.crashes.at(-1)!.upAt = performance.now();
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }
}
