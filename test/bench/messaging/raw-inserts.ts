/**
 * What 1:1 chat is measured against, a process of its own: as many inserts of one message each as the driver gets through, all
 * acknowledged as ours are, and nothing else. Arguments: the engine's URI, how many at once, seconds.
 */
import { MongoClient, ObjectId } from 'mongodb';
import { TEXT } from '../support/fixture';
import { storedMessage } from '../support/stored-message';

async function main(uri: string, atOnce: number, seconds: number): Promise<void> {
  const client = new MongoClient(uri, { maxPoolSize: 24, writeConcern: { w: 'majority', j: true } });
  await client.connect();
  const collection = client.db('bench_floor').collection('messages');
  const start = performance.now();
  const until = start + seconds * 1000;
  let inserted = 0;
  const insert = async () => {
    while (performance.now() < until) {
      inserted += 1;
      await collection.insertOne(message(inserted));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, insert));
  const perSecond = inserted / ((performance.now() - start) / 1000);
  process.send!({ count: inserted, perSecond }, () => process.exit(0));
}

const conversations = Array.from({ length: 200 }, () => ({ conversation_id: new ObjectId(), user_id: new ObjectId() }));

function message(serial: number) {
  const { conversation_id, user_id } = conversations[serial % conversations.length]!;
  return storedMessage({
    tenant_id: 'clnt_benchfloor',
    conversation_id,
    seq: serial,
    client_message_id: `${process.pid}-${serial}`,
    sender: { user_id, user_external_id: 'bench-1', user_display_name: 'Bench One' },
    text: TEXT,
  });
}

const [uri, atOnce, seconds] = process.argv.slice(2);
void main(uri!, Number(atOnce), Number(seconds));
