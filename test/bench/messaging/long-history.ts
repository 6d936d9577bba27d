import { MongoClient, ObjectId } from 'mongodb';
import { storedMessage } from '../support/stored-message';

const BATCH = 2_000;
const WRITERS = 2;

/**
 * Gives a new conversation of a shared tenant `count` messages of one member, written straight into the engine: over the api a
 * million would take longer than all the measurements.
 */
export async function writeHistory(
  mongodbUri: string,
  tenantId: string,
  conversationId: string,
  count: number,
): Promise<void> {
  const client = await new MongoClient(mongodbUri, { maxPoolSize: WRITERS }).connect();
  try {
    const database = client.db('caas_shared');
    const conversation_id = new ObjectId(conversationId);
    const conversation = await database
      .collection('conversations')
      .findOne({ tenant_id: tenantId, _id: conversation_id });
    const sender = (conversation as unknown as { people: object[] }).people[0]!;
    const messages = database.collection('messages');
    let next = 1;
    const write = async () => {
      while (next <= count) {
        const from = next;
        next += BATCH;
        const until = Math.min(from + BATCH, count + 1);
        const batch = Array.from({ length: until - from }, (_, at) =>
          storedMessage({
            tenant_id: tenantId,
            conversation_id,
            sender,
            seq: from + at,
            client_message_id: `history-${from + at}`,
            text: `Message ${from + at} of a long conversation, as long as such messages are.`,
          }),
        );
        await messages.insertMany(batch, { ordered: false });
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    const grown = { last_seq: count };
    await database
      .collection('conversations')
      .updateOne({ tenant_id: tenantId, _id: conversation_id }, { $set: grown });
  } finally {
    await client.close();
  }
}
