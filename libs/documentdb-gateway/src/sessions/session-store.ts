import { CODES, MongoError } from '../errors/mongo-error';
import { isLost } from '../errors/postgres-errors';
import type { Database } from '../postgres/database';
import type { Session } from '../postgres/session';
import { commitWithRecord } from '../postgres/schema';
import type { Interrupt } from '../waiting/interrupt';
import { sessionKey } from '../postgres/session-key';

/** MongoDB ends a transaction that is open for a minute (`transactionLifetimeLimitSeconds`). */
const TRANSACTION_LIFETIME_MS = 60_000;
/**
 * MongoDB answers a write conflict at once. PostgreSQL would wait for the other transaction, and a driver whose connections all
 * wait has none left for the one they wait for. After this the client starts over, as it would with MongoDB.
 */
const LOCK_WAIT_MS = 20;
const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '${LOCK_WAIT_MS}ms'`;
/**
 * A driver may commit by another connection when the one it had is cut, so a transaction outlives its connection. Its locks are in
 * others' way for so long when the client is dead.
 */
const ORPHAN_MS = 5_000;
const SESSION_LIFETIME_MS = 30 * 60_000;
const SWEEP_EVERY_MS = 1_000;

interface Transaction {
  /** The client connection of its last command. */
  connectionId: number;
  /** Since when that connection is gone. */
  orphanedAt: number | null;
  number: bigint;
  session: Session;
  startedAt: number;
  /** The last command, so that one never overtakes another on the connection. */
  tail: Promise<unknown>;
  failed: boolean;
  /** Whether its commit must be findable later. */
  wrote: boolean;
}

/** Which transaction a command belongs to. */
export interface TransactionPart {
  connectionId: number;
  lsid: string;
  number: bigint;
  /** The first command of its transaction. */
  starts: boolean;
  writes: boolean;
}

interface ClientSession {
  transaction: Transaction | null;
  /** The number of the last transaction that was committed or aborted here, so that a repeated commit can be answered. */
  ended: { number: bigint; committed: boolean } | null;
  usedAt: number;
}

/** What the gateway keeps per `lsid`: an open transaction with its PostgreSQL session, and how the last one ended. */
export class SessionStore {
  private readonly sessions = new Map<string, ClientSession>();
  private readonly sweeper: NodeJS.Timeout;

  /** @param onEnded called when a transaction is over and its locks are free */
  constructor(
    private readonly database: Database,
    private readonly onEnded: (lsid: string) => void,
  ) {
    this.sweeper = setInterval(() => this.sweep(Date.now()), SWEEP_EVERY_MS);
    this.sweeper.unref();
  }

  get openTransactions(): number {
    return this.transactions().length;
  }

  /** The transactions that are open. */
  transactions(): { lsid: string; number: bigint; startedAt: number }[] {
    return [...this.sessions].flatMap(([lsid, { transaction }]) =>
      transaction ? [{ lsid, number: transaction.number, startedAt: transaction.startedAt }] : [],
    );
  }

  /** Runs `work` inside its transaction, beginning it with the first command. */
  async inTransaction<T>(
    part: TransactionPart,
    interrupt: Interrupt,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const { lsid, number } = part;
    const transaction = part.starts ? await this.begin(lsid, number, interrupt) : this.current(lsid, number);
    transaction.wrote ||= part.writes;
    transaction.connectionId = part.connectionId;
    transaction.orphanedAt = null;
    const result = transaction.tail.then(() => {
      if (transaction.failed) throw noSuchTransaction(number);
      return work(transaction.session);
    });
    transaction.tail = result.catch(() => undefined);
    try {
      return await result;
    } catch (error) {
      // PostgreSQL refuses everything after an error, and MongoDB aborts on one: the client starts over either way.
      await this.end(lsid, transaction, false);
      throw error;
    }
  }

  /**
   * Commits; a repeated commit of the same number is answered like the first, also by another gateway: the commit leaves a
   * record in the transaction itself.
   * @param wasCommitted looks for that record
   */
  async commit(lsid: string, number: bigint, wasCommitted: () => Promise<boolean>): Promise<void> {
    const session = this.sessions.get(lsid);
    if (session?.ended?.number === number && session.ended.committed) return;
    const transaction = session?.transaction;
    if (transaction?.number !== number) {
      if (await wasCommitted()) return;
      throw noSuchTransaction(number);
    }
    await transaction.tail;
    if (transaction.failed) throw noSuchTransaction(number);
    await this.end(lsid, transaction, true);
  }

  async abort(lsid: string, number: bigint): Promise<void> {
    const transaction = this.sessions.get(lsid)?.transaction;
    if (!transaction || transaction.number !== number) throw noSuchTransaction(number);
    await transaction.tail;
    await this.end(lsid, transaction, false);
  }

  /**
   * A client's connection broke. Its process may be dead, and nobody else can get past the locks of the transaction whose last command
   * came by it: unless another connection of the session goes on with it soon, it is aborted.
   */
  connectionClosed(connectionId: number): void {
    for (const { transaction } of this.sessions.values()) {
      if (transaction?.connectionId === connectionId) transaction.orphanedAt = Date.now();
    }
  }

  /** A client is gone with all of its connections: what they left is aborted at once. */
  clientGone(connectionIds: ReadonlySet<number>): void {
    for (const [lsid, { transaction }] of this.sessions) {
      if (!transaction || !connectionIds.has(transaction.connectionId)) continue;
      const abandoned = () => (transaction.orphanedAt === null ? undefined : this.end(lsid, transaction, false));
      void transaction.tail.then(abandoned);
    }
  }

  async forget(lsid: string): Promise<void> {
    const transaction = this.sessions.get(lsid)?.transaction;
    if (transaction) await this.end(lsid, transaction, false);
    this.sessions.delete(lsid);
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    await Promise.all([...this.sessions.keys()].map((lsid) => this.forget(lsid)));
  }

  private async begin(lsid: string, number: bigint, interrupt: Interrupt): Promise<Transaction> {
    const session = this.sessionOf(lsid);
    if (session.transaction) await this.end(lsid, session.transaction, false);
    const held = await this.database.take('transactions', interrupt);
    const transaction: Transaction = {
      number,
      session: held,
      startedAt: Date.now(),
      tail: Promise.resolve(),
      failed: false,
      wrote: false,
      connectionId: 0,
      orphanedAt: null,
    };
    session.transaction = transaction;
    session.ended = null;
    transaction.tail = held.run(BEGIN).catch(() => {
      transaction.failed = true;
    });
    return transaction;
  }

  private current(lsid: string, number: bigint): Transaction {
    const session = this.sessionOf(lsid);
    if (session.transaction?.number === number) return session.transaction;
    throw noSuchTransaction(number);
  }

  private async end(lsid: string, transaction: Transaction, commit: boolean): Promise<void> {
    const session = this.sessionOf(lsid);
    if (session.transaction !== transaction) return;
    session.transaction = null;
    transaction.failed = true;
    let committed = false;
    try {
      if (!commit) await transaction.session.run('ROLLBACK');
      else if (transaction.wrote) await commitWithRecord(transaction.session, sessionKey(lsid), transaction.number);
      else await transaction.session.run('COMMIT');
      committed = commit;
    } catch (error) {
      if (commit) throw isLost(error) ? outcomeUnknown(error) : error;
    } finally {
      session.ended = committed || !commit ? { number: transaction.number, committed } : null;
      this.database.giveBack(transaction.session);
      this.onEnded(lsid);
    }
  }

  private sessionOf(lsid: string): ClientSession {
    let session = this.sessions.get(lsid);
    if (!session) {
      session = { transaction: null, ended: null, usedAt: 0 };
      this.sessions.set(lsid, session);
    }
    session.usedAt = Date.now();
    return session;
  }

  private sweep(now: number): void {
    for (const [lsid, session] of this.sessions) {
      const { transaction } = session;
      if (transaction && isOver(transaction, now)) {
        transaction.session.cancel();
        void this.end(lsid, transaction, false);
      }
      if (!session.transaction && now - session.usedAt > SESSION_LIFETIME_MS) this.sessions.delete(lsid);
    }
  }
}

const isOver = ({ startedAt, orphanedAt }: Transaction, now: number): boolean =>
  now - startedAt > TRANSACTION_LIFETIME_MS || (orphanedAt !== null && now - orphanedAt > ORPHAN_MS);

function noSuchTransaction(number: bigint): MongoError {
  return new MongoError(
    CODES.NoSuchTransaction,
    `Given transaction number ${number} does not match any in-progress transactions.`,
  ).withLabel('TransientTransactionError');
}

/** The engine was lost during the commit. The driver asks again, and then the record says what happened. */
function outcomeUnknown(error: unknown): MongoError {
  return MongoError.of('HostUnreachable', `the engine was lost during the commit: ${(error as Error).message}`)
    .withLabel('RetryableWriteError')
    .withLabel('UnknownTransactionCommitResult');
}
