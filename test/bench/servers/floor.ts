/**
 * What the send and the page are measured against: node:http and the driver, and nothing else. No credentials, no checks, no
 * order, no promise to be sent twice: the same document in, the same page out.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { MongoClient, ObjectId } from 'mongodb';
import { storedMessage } from '../support/stored-message';

const PAGE_OF = 21;

async function main(): Promise<void> {
  const client = new MongoClient(process.env['MONGODB_URI']!, {
    maxPoolSize: 24,
    writeConcern: { w: 'majority', j: true },
  });
  await client.connect();
  const inserted = client.db('bench_floor').collection('messages');
  const paged = client.db('caas_shared').collection('messages');

  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const route = async () => {
      const url = new URL(request.url ?? '/', 'http://floor');
      if (request.method === 'POST') {
        const document = messageOf(JSON.parse(await bodyOf(request)) as Record<string, string>);
        await inserted.insertOne(document);
        return answer(201, document);
      }
      if (url.pathname === '/page') {
        const filter = {
          tenant_id: url.searchParams.get('tenant'),
          conversation_id: new ObjectId(url.searchParams.get('conversation')!),
        };
        return answer(200, await paged.find(filter).sort({ seq: -1 }).limit(PAGE_OF).toArray());
      }
      return answer(200, {});
    };
    route().catch((error: unknown) => answer(500, String(error)));
  });
  server.listen(Number(process.env['PORT']), '127.0.0.1');
  process.once('SIGTERM', () => process.exit(0));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

let sequence = 0;

function messageOf({ conversation_id, client_message_id, text }: Record<string, string>) {
  sequence += 1;
  const id = new ObjectId(conversation_id);
  return storedMessage({
    tenant_id: 'clnt_benchfloor',
    conversation_id: id,
    seq: sequence,
    client_message_id: client_message_id!,
    sender: { user_id: id, user_external_id: 'bench-1', user_display_name: 'Bench One' },
    text: text!,
  });
}

void main();
