import { serialize } from 'bson';
import { MongoClient, ObjectId } from 'mongodb';
import { Client } from 'pg';

/** Something that inserts one document at a time for each of its workers. */
export interface Inserter {
  insert(worker: number): Promise<void>;
  close(): Promise<void>;
}

const COLLECTION = 'messages';

/** A chat message's size and shape, with the one compound index that both sides then maintain. */
function message() {
  const now = new Date();
  return {
    _id: new ObjectId(),
    tenant_id: 'clnt_bench01',
    conversation_id: 'c1',
    seq: Math.floor(Math.random() * 1e6),
    sender: { user_id: 'u1', user_external_id: 'ada', user_display_name: 'Ada' },
    text: 'It is the length of a message that people send each other, more or less.',
    created_at: now,
    updated_at: now,
    deleted_at: null,
    __v: 0,
  };
}

/** Through the MongoDB driver as applications use it: a pool, sessions, retryable writes or none. Makes the collection and its index. */
export async function driverInserter(
  uri: string,
  database: string,
  connections: number,
  retryWrites: boolean,
): Promise<Inserter> {
  const client = await MongoClient.connect(uri, { maxPoolSize: connections, retryWrites });
  const collection = client.db(database).collection(COLLECTION);
  await collection.createIndex({ tenant_id: 1, conversation_id: 1, seq: 1 });
  return {
    insert: async () => {
      await collection.insertOne(message());
    },
    close: async () => {
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
}

/** The engine's own function with nothing in between: a PostgreSQL connection for each worker, one prepared statement. */
export async function directInserter(postgresUri: string, database: string, connections: number): Promise<Inserter> {
  const connect = async () => {
    const client = new Client({ connectionString: postgresUri });
    await client.connect();
    return client;
  };
  const clients = await Promise.all(Array.from({ length: connections }, connect));
  const command = Buffer.from(serialize({ insert: COLLECTION, ordered: true }));
  return {
    insert: async (worker) => {
      const { rows } = await clients[worker]!.query<{ success: boolean }>({
        name: 'insert',
        text: `select p_result::text as result, p_success as success from documentdb_api.insert($1,
                 $2::bytea::documentdb_core.bson, $3::bytea::documentdb_core.bsonsequence)`,
        values: [database, command, Buffer.from(serialize(message()))],
      });
      if (rows[0]?.success !== true) throw new Error('an insert failed');
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
