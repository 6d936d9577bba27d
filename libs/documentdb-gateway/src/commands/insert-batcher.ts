import { Double, serialize } from 'bson';
import { Batcher } from '#caas/platform/concurrency';
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
}

/** The queue needs no bound: each connection has one command at work, and the number of connections is limited. */
const BATCHES = {
  maxBatch: 64,
  size: { of: ({ document }: Waiting) => document.length, max: 256 * 1024 },
};

const INSERTED_ONE = Buffer.from(serialize({ n: 1, ok: new Double(1) }));

const INSERT_BATCH = `select documentdb_gateway.insert_batch($1, $2::bytea::documentdb_core.bson,
  $3::bytea::documentdb_core.bsonsequence, $4::bytea[], $5::bigint[], $6::bigint[], $7::bytea::documentdb_core.bson)`;

/**
 * Group commit: while a statement for a collection is at work, further single inserts into it wait and then share the next one and
 * its commit. One statement at a time is faster than two, from four clients on: fewer statements carry the same documents. Each is
 * answered when that commit is durable. It is all or nothing: if any of them cannot be inserted, nothing was, and each goes alone
 * beside the batches, so an error or a wait for a lock meets the client that caused it and nobody else.
 */
export class InsertBatcher {
  private readonly batcher = new Batcher<Waiting, Buffer>((batch) => this.together(batch), BATCHES);

  constructor(private readonly database: Database) {}

  /** @param alone sends the insert by itself */
  insert(insert: SingleInsert, alone: () => Promise<Buffer>): Promise<Buffer> {
    return this.batcher.run(`${insert.db}\0${insert.body.toString('latin1')}`, { ...insert, alone });
  }

  private async together(batch: Waiting[]): Promise<(Buffer | Promise<Buffer>)[]> {
    try {
      await this.database.use((session) => session.query('insertBatch', INSERT_BATCH, parametersOf(batch)));
      return batch.map(() => INSERTED_ONE);
    } catch (error) {
      // Only what the engine itself refused is known not to have happened.
      if (!isRolledBack(error)) throw error;
      return batch.map(({ alone }) => alone());
    }
  }
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
