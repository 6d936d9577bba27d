import { MongoClient } from 'mongodb';

/** An insert pays for its indexes: the floor's empty collection `bench_floor.messages` gets those of the messages. */
export async function emptyFloorCollection(mongodbUri: string): Promise<void> {
  const client = await new MongoClient(mongodbUri).connect();
  try {
    const indexes = await client.db('caas_shared').collection('messages').indexes();
    const floor = client.db('bench_floor').collection('messages');
    await floor.drop().catch(() => undefined);
    for (const { key, name, unique, partialFilterExpression } of indexes.filter(({ name }) => name !== '_id_')) {
      await floor.createIndex(key, {
        name: name!,
        ...(unique ? { unique } : {}),
        ...(partialFilterExpression ? { partialFilterExpression } : {}),
      });
    }
  } finally {
    await client.close();
  }
}
