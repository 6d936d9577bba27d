import { connect } from 'node:net';
import { Client } from 'pg';

export interface PostgresAddress {
  host: string;
  port: number;
  user: string;
  database: string;
  password?: string;
}

/**
 * How long a statement waits on its session for a lock. Longer waits are the gateway's (`waiting/`): a session that waits serves
 * nobody.
 */
const LOCK_WAIT_MS = 5;

/** After how long a wait PostgreSQL looks whether it is in a ring of waits. Its own second is long for one who is to start over. */
const DEADLOCK_TIMEOUT_MS = 50;

/** What every session starts with; the engine's own settings are there to be had, but off or lower unless asked. */
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

/** What sessions are for: commands while they run, open transactions, cursors that the engine keeps in the session that opened them. */
export type Share = 'commands' | 'transactions' | 'cursors';

/** PostgreSQL's message that asks it to end another session's statement. */
const CANCEL_REQUEST_BYTES = 16;
const CANCEL_REQUEST = 80_877_102;
const OUTSIDE_TRANSACTION = 'I';
/** PostgreSQL's own state of a cancelled statement. */
const QUERY_CANCELLED = '57014';

/** One session of PostgreSQL, in nobody else's hands while it is out of the pool. */
export class Session {
  /** Which share of the pool it counts for, anew each time it is taken; null while it is in the pool. Kept by the pool. */
  lease: { readonly share: Share } | null = null;
  private lost = false;
  /** Whether a setting of it is not what every session starts with. */
  private altered = false;
  private cancelling: Promise<void> | null = null;
  /** Between a request to cancel and `settle`: its statement may have been over, and no other begins. */
  private cancelled = false;

  private constructor(
    private readonly client: Client,
    private readonly address: PostgresAddress,
  ) {}

  /** @param onLost called once when its connection is gone, whoever ended it */
  static async open(address: PostgresAddress, onLost: (session: Session) => void): Promise<Session> {
    const client = new Client({ ...address, application_name: 'documentdb-gateway', keepAlive: true });
    await client.connect();
    const session = new Session(client, address);
    const lose = () => {
      if (session.lost) return;
      session.lost = true;
      onLost(session);
    };
    client.on('error', lose);
    client.on('end', lose);
    try {
      await session.run(SETTINGS);
    } catch (error) {
      session.close();
      throw error;
    }
    return session;
  }

  /** Rows of a prepared statement; `name` must stand for one text. */
  async query(name: string, text: string, values: Parameter[]): Promise<Row[]> {
    if (this.cancelled) {
      throw Object.assign(new Error('cancelled before the statement was sent'), { code: QUERY_CANCELLED });
    }
    const { rows } = await this.client.query<Row>({ name, text, values });
    return rows;
  }

  async run(text: string): Promise<void> {
    await this.client.query(text);
  }

  /** Runs `work` with another wait for locks than a session starts with; not inside a transaction. */
  async waitingForLocks<T>(waitMs: number, work: () => Promise<T>): Promise<T> {
    this.altered = true;
    await this.run(`set lock_timeout = '${waitMs}ms'`);
    try {
      return await work();
    } finally {
      await this.run(`set lock_timeout = '${LOCK_WAIT_MS}ms'`).then(
        () => (this.altered = false),
        () => undefined,
      );
    }
  }

  /** Closes what a cursor left in it. */
  async closePortals(): Promise<void> {
    this.altered = true;
    await this.run('CLOSE ALL');
    this.altered = false;
  }

  /** Ends the statement at work, which then fails with SQLSTATE 57014, and refuses further ones until `settle`. */
  cancel(): void {
    this.cancelled = true;
    this.cancelling ??= this.sendCancel().finally(() => (this.cancelling = null));
  }

  /** Waits until no request to cancel is on its way any more: what the session does next is not what was to be cancelled. */
  async settle(): Promise<void> {
    await this.cancelling;
    this.cancelled = false;
  }

  /**
   * Whether the session is as it was when it was opened, and its next user meets nothing of the last: no transaction, no setting,
   * no request to cancel that is still on its way.
   */
  async isReusable(): Promise<boolean> {
    await this.settle();
    return !this.lost && !this.altered && this.client.getTransactionStatus() === OUTSIDE_TRANSACTION;
  }

  /** Leaves the statement at work to itself: whoever waits for it is told that the connection is gone. */
  abandon(): void {
    this.altered = true;
    this.close();
  }

  close(): void {
    this.client.end().catch(() => undefined);
  }

  /** PostgreSQL closes the connection that a request came by once it has signalled the session. */
  private sendCancel(): Promise<void> {
    const { processID, secretKey } = this.client as unknown as { processID: number; secretKey: number };
    const request = Buffer.alloc(CANCEL_REQUEST_BYTES);
    request.writeInt32BE(CANCEL_REQUEST_BYTES, 0);
    request.writeInt32BE(CANCEL_REQUEST, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    const { host, port } = this.address;
    const socket = connect({ host, port });
    return new Promise((resolve) => {
      socket.on('error', () => {
        // The request may still arrive, at whatever is at work then.
        this.altered = true;
      });
      socket.on('close', () => resolve());
      socket.write(request);
      socket.resume();
    });
  }
}

/** The engine's BSON comes as text, `BSONHEX…`; node-postgres' binary mode corrupts byte strings. */
export function bsonOf(value: unknown): Buffer {
  return Buffer.from((value as string).slice('BSONHEX'.length), 'hex');
}
