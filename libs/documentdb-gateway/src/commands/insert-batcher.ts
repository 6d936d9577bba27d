import { Double, serialize } from 'bson';
import { isRolledBack } from '../errors/postgres-errors';
import type { Database } from '../postgres/database';
import type { WriteIdentity } from './retryable';

/** One client's insert of one document. */
export interface SingleInsert {
  db: string;
  /** The raw command without its envelope: equal bytes mean equal collection and options. */
  body: Buffer;
  document: Buffer;
  identity: WriteIdentity | null;
}

interface Waiting extends SingleInsert {
  alone: () => Promise<Buffer>;
  resolve: (reply: Buffer | Promise<Buffer>) => void;
  reject: (error: unknown) => void;
}

/** Who waits for the next statement; there while one is at work. */
interface Lane {
  readonly waiting: Waiting[];
}

const MOST_TOGETHER = 64;
const MOST_BYTES_TOGETHER = 256 * 1024;

const INSERTED_ONE = Buffer.from(serialize({ n: 1, ok: new Double(1) }));

const INSERT_BATCH = `select documentdb_gateway.insert_batch($1, $2::bytea::documentdb_core.bson,
  $3::bytea::documentdb_core.bsonsequence, $4::bytea[], $5::bigint[], $6::bigint[], $7::bytea::documentdb_core.bson)`;

/**
 * Group commit: while a statement for a collection is at work, further single inserts into it wait and then share the next one and
 * its commit. One statement at a time is faster than two, from four clients on: fewer statements carry the same documents. Each is answered when that commit is durable. It is all or nothing: if any of them cannot be inserted, nothing
 * was, and each goes alone, outside the lane, so an error or a wait for a lock meets the client that caused it and nobody else.
 */
export class InsertBatcher {
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly database: Database) {}

  /** @param alone sends the insert by itself */
  insert(insert: SingleInsert, alone: () => Promise<Buffer>): Promise<Buffer> {
    const key = `${insert.db}\0${insert.body.toString('latin1')}`;
    const busy = this.lanes.get(key);
    const lane = busy ?? { waiting: [] };
    const reply = new Promise<Buffer>((resolve, reject) => lane.waiting.push({ ...insert, alone, resolve, reject }));
    if (!busy) {
      this.lanes.set(key, lane);
      void this.drain(key, lane);
    }
    return reply;
  }

  private async drain(key: string, lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) await this.together(nextBatch(lane.waiting));
    this.lanes.delete(key);
  }

  private async together(batch: Waiting[]): Promise<void> {
    try {
      await this.database.use((session) => session.query('insertBatch', INSERT_BATCH, parametersOf(batch)));
      for (const { resolve } of batch) resolve(INSERTED_ONE);
    } catch (error) {
      for (const { alone, resolve, reject } of batch) {
        // Only what the engine itself refused is known not to have happened.
        if (isRolledBack(error)) resolve(alone());
        else reject(error);
      }
    }
  }
}

function nextBatch(waiting: Waiting[]): Waiting[] {
  let count = 0;
  for (let bytes = 0; count < waiting.length && count < MOST_TOGETHER; count += 1) {
    bytes += waiting[count]!.document.length;
    if (count > 0 && bytes > MOST_BYTES_TOGETHER) break;
  }
  return waiting.splice(0, count);
}

function parametersOf(batch: Waiting[]) {
  const { db, body } = batch[0]!;
  const identities = batch.flatMap(({ identity }) => identity ?? []);
  return [
    db,
    body,
    batch.length === 1 ? batch[0]!.document : Buffer.concat(batch.map(({ document }) => document)),
    `{${identities.map(({ session }) => `"\\\\x${session.id.toString('hex')}"`).join()}}`,
    `{${identities.map(({ session }) => session.lock).join()}}`,
    `{${identities.map(({ number }) => number).join()}}`,
    INSERTED_ONE,
  ];
}
