import { MongoClient, ObjectId } from 'mongodb';

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
        const batch = Array.from({ length: until - from }, (_, at) => ({
          ...HISTORIC,
          _id: new ObjectId(),
          tenant_id: tenantId,
          conversation_id,
          seq: from + at,
          rev: from + at,
          created_rev: from + at,
          client_message_id: `history-${from + at}`,
          sender,
          text: `Message ${from + at} of a long conversation, as long as such messages are.`,
        }));
        await messages.insertMany(batch, { ordered: false });
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    const grown = { last_seq: count, rev: count };
    await database
      .collection('conversations')
      .updateOne({ tenant_id: tenantId, _id: conversation_id }, { $set: grown });
  } finally {
    await client.close();
  }
}

const WRITTEN_AT = new Date();
const HISTORIC = {
  request_hash: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
  type: 'text',
  attachments: [],
  reply_to_id: null,
  thread_root_id: null,
  reply_count: 0,
  last_repliers: [],
  forwarded_from: null,
  mentions: [],
  metadata: null,
  encrypted: null,
  reaction_counts: {},
  pinned_at: null,
  edited_at: null,
  created_at: WRITTEN_AT,
  updated_at: WRITTEN_AT,
  deleted_at: null,
  __v: 0,
};
