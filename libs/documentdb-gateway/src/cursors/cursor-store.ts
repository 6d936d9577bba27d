import { randomBytes } from 'node:crypto';
import { MongoError } from '../errors/mongo-error';
import { bsonOf, type Database, type Session } from '../postgres/database';

/** MongoDB closes a cursor that nobody read from for ten minutes. */
const IDLE_MS = 10 * 60_000;
const SWEEP_EVERY_MS = 15_000;

/** How a cursor's later pages are read: on any connection, on the one that keeps its portal, or in its transaction. */
export type CursorHome = { kind: 'anywhere' } | { kind: 'held'; session: Session } | { kind: 'transaction' };

interface OpenCursor {
  database: string;
  continuation: Buffer;
  home: CursorHome;
  usedAt: number;
  busy: boolean;
}

/** Open cursors: the engine's continuation of each, and the connection that some of them need. */
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

  add(id: bigint, database: string, continuation: Buffer, home: CursorHome): void {
    this.cursors.set(id, { database, continuation, home, usedAt: Date.now(), busy: false });
  }

  /** The next page, as the engine's raw reply. `transaction` is the caller's, for cursors that live in it. */
  async more(id: bigint, database: string, command: Buffer, transaction: Session | null): Promise<Buffer> {
    const cursor = this.cursors.get(id);
    if (!cursor || cursor.busy || cursor.database !== database) throw notFound(id);
    cursor.busy = true;
    try {
      const run = (session: Session) => this.page(cursor, command, session);
      const { page, continuation } = transaction
        ? await run(transaction)
        : cursor.home.kind === 'held'
          ? await run(cursor.home.session)
          : await this.database.use(run);
      cursor.usedAt = Date.now();
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

  close(): void {
    clearInterval(this.sweeper);
    for (const [id, cursor] of this.cursors) this.remove(id, cursor, false);
  }

  private async page(cursor: OpenCursor, command: Buffer, session: Session) {
    const [row] = await session.query(
      'getMore',
      `select cursorpage::text as page, continuation::text as continuation
         from documentdb_api.cursor_get_more($1, $2::bytea::documentdb_core.bson, $3::bytea::documentdb_core.bson)`,
      [cursor.database, command, cursor.continuation],
    );
    return {
      page: bsonOf(row!.page),
      continuation: row!.continuation === null ? null : bsonOf(row!.continuation),
    };
  }

  private remove(id: bigint, cursor: OpenCursor, drained: boolean): void {
    this.cursors.delete(id);
    // A portal that was not read to its end stays in its connection, so such a connection is closed and not used again.
    if (cursor.home.kind === 'held') this.database.releaseHeld(cursor.home.session, drained);
  }

  private sweep(now: number): void {
    for (const [id, cursor] of this.cursors) {
      if (!cursor.busy && now - cursor.usedAt > IDLE_MS) this.remove(id, cursor, false);
    }
  }
}

function notFound(id: bigint): MongoError {
  return MongoError.of('CursorNotFound', `cursor id ${id} not found`);
}
