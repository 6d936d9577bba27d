import { randomBytes } from 'node:crypto';
import { MongoError } from '../errors/mongo-error';
import type { Database } from '../postgres/database';
import { bsonOf, type Session } from '../postgres/session';

/** MongoDB closes a cursor that nobody read from for ten minutes. */
const IDLE_MS = 10 * 60_000;
/**
 * A driver may read on by another connection of the same session, so a cursor outlives the connection that it was last read by; one
 * that nobody reads on by then was left behind by a client that is gone.
 */
const ORPHAN_MS = 5_000;
const SWEEP_EVERY_MS = 1_000;

/** How a cursor's later pages are read: on any session, on the one that keeps its portal, or in its transaction. */
export type CursorHome = { kind: 'anywhere' } | { kind: 'held'; session: Session } | { kind: 'transaction' };

/** Whose command opens a cursor or reads from it. */
export interface CursorOwner {
  readonly db: string;
  readonly connectionId: number;
  readonly lsid: string | null;
  readonly txnNumber: bigint | null;
  readonly inTransaction: boolean;
}

/** A command that reads the next page. */
export interface CursorReader extends CursorOwner {
  /** The raw getMore. */
  readonly body: Buffer;
  /** On any session, or the transaction's. */
  run<T>(work: (session: Session) => Promise<T>): Promise<T>;
  on<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T>;
}

interface OpenCursor {
  readonly collection: string;
  readonly home: CursorHome;
  owner: CursorOwner;
  continuation: Buffer;
  usedAt: number;
  /** Since when the connection that it was last read by is gone. */
  orphanedAt: number | null;
  busy: boolean;
  /** Why it cannot be read on, though it is there. */
  killedBy: string | null;
}

interface Page {
  page: Buffer;
  continuation: Buffer | null;
}

/**
 * Open cursors: the engine's continuation of each, and the session that some of them need. A cursor ends with the session or the
 * connection that opened it, and with its transaction.
 */
export class CursorStore {
  private readonly cursors = new Map<bigint, OpenCursor>();
  private readonly sweeper: NodeJS.Timeout;

  constructor(private readonly database: Database) {
    this.sweeper = setInterval(() => this.sweep(Date.now()), SWEEP_EVERY_MS);
    this.sweeper.unref();
  }

  newId(): bigint {
    return BigInt.asUintN(62, randomBytes(8).readBigUInt64LE()) + 1n;
  }

  get open(): number {
    return this.cursors.size;
  }

  /** The cursors that nobody reads from at this moment. */
  list(): { id: bigint; owner: CursorOwner; collection: string; usedAt: number }[] {
    const idle = [...this.cursors].filter(([, { busy }]) => !busy);
    return idle.map(([id, { owner, collection, usedAt }]) => ({ id, owner, collection, usedAt }));
  }

  /**
   * Keeps a cursor. A held one keeps its session, which is the caller's no more; when the cursors' share of sessions is spent, the
   * one that nobody read from for longest is closed for it.
   * @throws MongoError ExceededMemoryLimit when all of them are being read from
   */
  add(id: bigint, owner: CursorOwner, collection: string, continuation: Buffer, home: CursorHome): void {
    if (home.kind === 'held') {
      this.makeRoom();
      this.database.move(home.session, 'cursors');
    }
    this.cursors.set(id, {
      collection,
      home,
      owner,
      continuation,
      usedAt: Date.now(),
      orphanedAt: null,
      busy: false,
      killedBy: null,
    });
  }

  /** The next page, as the engine's raw reply. @throws MongoError CursorNotFound, CursorInUse, Unauthorized, QueryPlanKilled */
  async more(id: bigint, collection: string, reader: CursorReader): Promise<Buffer> {
    const cursor = this.readable(id, collection, reader);
    cursor.busy = true;
    try {
      const read = (session: Session) => nextPage(cursor, reader, session);
      const { page, continuation } = await (cursor.home.kind === 'held'
        ? reader.on(cursor.home.session, read)
        : reader.run(read));
      cursor.usedAt = Date.now();
      cursor.owner = reader;
      cursor.orphanedAt = null;
      if (continuation === null) this.remove(id, cursor, true);
      else cursor.continuation = continuation;
      return page;
    } catch (error) {
      this.remove(id, cursor, false);
      throw error;
    } finally {
      cursor.busy = false;
    }
  }

  kill(id: bigint): boolean {
    const cursor = this.cursors.get(id);
    if (!cursor) return false;
    this.remove(id, cursor, false);
    return true;
  }

  connectionClosed(connectionId: number): void {
    for (const [id, cursor] of this.cursors) {
      if (cursor.owner.connectionId !== connectionId) continue;
      if (cursor.owner.lsid === null && !cursor.busy) this.remove(id, cursor, false);
      else cursor.orphanedAt = Date.now();
    }
  }

  /** A client is gone with all of its connections: nobody reads on. */
  clientGone(connectionIds: ReadonlySet<number>): void {
    for (const [id, cursor] of this.cursors) {
      if (cursor.orphanedAt !== null && !cursor.busy && connectionIds.has(cursor.owner.connectionId))
        this.remove(id, cursor, false);
    }
  }

  /** @param inTransaction only those that its transaction opened */
  sessionEnded(lsid: string, inTransaction: boolean): void {
    for (const [id, cursor] of this.cursors) {
      if (cursor.owner.lsid === lsid && (!inTransaction || cursor.home.kind === 'transaction'))
        this.remove(id, cursor, false);
    }
  }

  /** What a collection's cursors read is gone. @param collection undefined for all of the database */
  collectionGone(db: string, collection?: string): void {
    for (const cursor of this.cursors.values()) {
      if (cursor.owner.db === db && (collection === undefined || cursor.collection === collection))
        cursor.killedBy = 'collection dropped or renamed';
    }
  }

  close(): void {
    clearInterval(this.sweeper);
    for (const [id, cursor] of this.cursors) this.remove(id, cursor, false);
  }

  private readable(id: bigint, collection: string, reader: CursorReader): OpenCursor {
    const cursor = this.cursors.get(id);
    if (!cursor) throw MongoError.of('CursorNotFound', `cursor id ${id} not found`);
    if (cursor.owner.db !== reader.db || cursor.collection !== collection) {
      throw MongoError.of(
        'Unauthorized',
        `Requested getMore on namespace '${reader.db}.${collection}', but cursor belongs to a different namespace ${cursor.owner.db}.${cursor.collection}`,
      );
    }
    requireSame(id, cursor.owner, reader);
    if (cursor.busy) throw MongoError.of('CursorInUse', `cursor id ${id} is already in use`);
    if (cursor.killedBy !== null) {
      this.remove(id, cursor, false);
      throw MongoError.of('QueryPlanKilled', cursor.killedBy);
    }
    return cursor;
  }

  private makeRoom(): void {
    if (!this.database.isSpent('cursors')) return;
    // A map keeps its order, and the one that was read last is not last in it: so all are looked at.
    const idle = [...this.cursors].filter(([, { busy, home }]) => !busy && home.kind === 'held');
    const [oldest] = idle.sort(([, one], [, other]) => one.usedAt - other.usedAt);
    if (!oldest) throw MongoError.of('ExceededMemoryLimit', 'too many open cursors are being read from');
    this.remove(...oldest, false);
  }

  private remove(id: bigint, cursor: OpenCursor, drained: boolean): void {
    // Whoever removes it first gives its session back.
    if (this.cursors.get(id) !== cursor) return;
    this.cursors.delete(id);
    // A portal that was not read to its end stays in its session, so such a session is closed and not used again.
    if (cursor.home.kind === 'held') this.database.giveBack(cursor.home.session, drained);
  }

  private sweep(now: number): void {
    for (const [id, cursor] of this.cursors) {
      const isLeft = cursor.orphanedAt !== null && now - cursor.orphanedAt > ORPHAN_MS;
      if (!cursor.busy && (isLeft || now - cursor.usedAt > IDLE_MS)) this.remove(id, cursor, false);
    }
  }
}

async function nextPage(cursor: OpenCursor, { body, db }: CursorReader, session: Session): Promise<Page> {
  const [row] = await session.query(
    'getMore',
    `select cursorpage::text as page, continuation::text as continuation
       from documentdb_api.cursor_get_more($1, $2::bytea::documentdb_core.bson, $3::bytea::documentdb_core.bson)`,
    [db, body, cursor.continuation],
  );
  return {
    page: bsonOf(row!.page),
    continuation: row!.continuation === null ? null : bsonOf(row!.continuation),
  };
}

/** A cursor is read in the session and the transaction that opened it. @throws MongoError by MongoDB's numbers of these refusals */
function requireSame(id: bigint, owner: CursorOwner, reader: CursorReader): void {
  const refuse = (code: number, why: string) => new MongoError(code, `Cannot run getMore on cursor ${id}, ${why}`);
  if (owner.lsid !== reader.lsid) {
    if (owner.lsid === null) throw refuse(50_736, 'which was not created in a session, in a session');
    if (reader.lsid === null) throw refuse(50_737, 'which was created in a session, without an lsid');
    throw refuse(50_738, 'which was created in another session');
  }
  if (owner.inTransaction !== reader.inTransaction) {
    throw owner.inTransaction
      ? refuse(50_740, 'which was created in a transaction, without a txnNumber')
      : refuse(50_739, 'which was not created in a transaction, in a transaction');
  }
  if (owner.inTransaction && owner.txnNumber !== reader.txnNumber)
    throw refuse(50_741, 'which was created in another transaction');
}
