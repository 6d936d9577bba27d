import { Client } from 'pg';
import { MongoError } from '../errors/mongo-error';

export interface PostgresAddress {
  host: string;
  port: number;
  user: string;
  database: string;
  password?: string;
}

export interface PoolLimits {
  /** Connections for commands, and as many again for open transactions and cursors that the engine keeps open. */
  size: number;
  held: number;
}

/** How long a write outside a transaction waits for one inside before it answers a write conflict. */
const LOCK_WAIT_MS = 5_000;

/** After how long a wait PostgreSQL looks whether it is in a ring of waits. Its own second is long for one who is to start over. */
const DEADLOCK_TIMEOUT_MS = 50;

/** What every connection starts with; the engine's own settings are there to be had, but off or lower unless asked. */
const SETTINGS = `
  set client_min_messages = error;
  set lock_timeout = '${LOCK_WAIT_MS}ms';
  set deadlock_timeout = '${DEADLOCK_TIMEOUT_MS}ms';
  set documentdb.maxWriteBatchSize = 100000;
  set documentdb_core.enableCollation = on;
  set documentdb.enableCollationWithNonUniqueOrderedIndexes = on`;

/** A value for a statement: text, number, raw BSON or null. */
export type Parameter = string | number | bigint | Buffer | null;
export type Row = Record<string, unknown>;

/** One connection to PostgreSQL, in nobody else's hands while it is out of the pool. */
export class Session {
  constructor(private readonly client: Client) {}

  /** Rows of a prepared statement; `name` must stand for one text. */
  async query(name: string, text: string, values: Parameter[]): Promise<Row[]> {
    const { rows } = await this.client.query<Row>({ name, text, values });
    return rows;
  }

  async run(text: string): Promise<void> {
    await this.client.query(text);
  }

  close(): void {
    this.client.end().catch(() => undefined);
  }
}

/**
 * A bounded pool. Callers wait in order when it is empty, and their sockets are not read meanwhile, so that pressure reaches
 * the clients. Sessions that stay out (a transaction, a cursor) are counted apart: they must not starve the commands.
 */
export class Database {
  private readonly idle: Session[] = [];
  /** Of transactions and cursors that have ended, for the next: a new backend costs more than most transactions. */
  private readonly resting: Session[] = [];
  private readonly waiting: ((session: Session) => void)[] = [];
  private readonly broken = new WeakSet<Session>();
  private open = 0;
  private heldCount = 0;
  private closed = false;

  constructor(
    private readonly address: PostgresAddress,
    private readonly limits: PoolLimits,
  ) {}

  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.acquire();
    try {
      return await work(session);
    } finally {
      this.release(session);
    }
  }

  /** A session for longer than one command. Give it back with `releaseHeld`. */
  async hold(): Promise<Session> {
    if (this.heldCount >= this.limits.held) {
      throw MongoError.of('ExceededMemoryLimit', 'Too many open transactions and cursors').withLabel(
        'TransientTransactionError',
      );
    }
    this.heldCount += 1;
    try {
      return this.resting.pop() ?? (this.idle.length > this.limits.size / 2 ? this.takeHeld() : await this.connect());
    } catch (error) {
      this.heldCount -= 1;
      throw error;
    }
  }

  /** @param clean whether the session is as good as new: no transaction, no portal left in it */
  releaseHeld(session: Session, clean: boolean): void {
    this.heldCount -= 1;
    if (!clean || this.closed || this.broken.has(session)) return session.close();
    if (this.resting.length < this.limits.size) this.resting.push(session);
    else if (this.open < this.limits.size) {
      this.open += 1;
      this.offer(session);
    } else session.close();
  }

  get stats(): { open: number; idle: number; waiting: number; held: number } {
    return { open: this.open, idle: this.idle.length, waiting: this.waiting.length, held: this.heldCount };
  }

  close(): void {
    this.closed = true;
    for (const session of [...this.idle.splice(0), ...this.resting.splice(0)]) session.close();
  }

  private takeHeld(): Session {
    this.open -= 1;
    return this.idle.pop()!;
  }

  private async acquire(): Promise<Session> {
    const idle = this.idle.pop();
    if (idle) return idle;
    if (this.open < this.limits.size) {
      this.open += 1;
      try {
        return await this.connect();
      } catch (error) {
        this.open -= 1;
        throw error;
      }
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private release(session: Session): void {
    if (!this.closed && !this.broken.has(session)) return this.offer(session);
    this.open -= 1;
    session.close();
    const next = this.waiting.shift();
    if (next) void this.acquire().then(next, () => this.waiting.unshift(next));
  }

  private offer(session: Session): void {
    const next = this.waiting.shift();
    if (next) next(session);
    else this.idle.push(session);
  }

  private async connect(): Promise<Session> {
    const client = new Client({ ...this.address, application_name: 'documentdb-gateway', keepAlive: true });
    await client.connect();
    const session = new Session(client);
    client.on('error', () => this.forget(session));
    client.on('end', () => this.forget(session));
    await session.run(SETTINGS);
    return session;
  }

  private forget(session: Session): void {
    this.broken.add(session);
    const resting = this.resting.indexOf(session);
    if (resting >= 0) this.resting.splice(resting, 1);
    const at = this.idle.indexOf(session);
    if (at < 0) return;
    this.idle.splice(at, 1);
    this.open -= 1;
  }
}

/** The engine's BSON comes as text, `BSONHEX…`; node-postgres' binary mode corrupts byte strings. */
export function bsonOf(value: unknown): Buffer {
  return Buffer.from((value as string).slice('BSONHEX'.length), 'hex');
}
