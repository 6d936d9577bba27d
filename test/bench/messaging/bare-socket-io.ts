/**
 * What a room is measured against: socket.io that keeps nothing, checks nothing and knows one process. The same envelope of the
 * same length goes to the same clients, and the sender gets the same acknowledgement.
 */
import { createServer } from 'node:http';
import { ObjectId } from 'bson';
import { Server } from 'socket.io';
import { toldMessage } from '../support/stored-message';

interface Sent {
  conversation_id: string;
  client_message_id: string;
  text: string;
}

const http = createServer((_request, response) => response.end('{}'));
const io = new Server(http, { path: '/realtime', transports: ['websocket'], serveClient: false });

let seq = 0;

const REFUSAL = { ok: false, error: { status: 429, code: 'rate_limited', retry_after: 1 } };

/** The token says which room the client is in: `<room>/<name>`. In the room `refused` nobody may send. */
io.on('connection', (socket) => {
  const [room, name] = String((socket.handshake.auth as { token: unknown }).token).split('/');
  void socket.join(room!);
  socket.on('message.send', (sent: Sent, acknowledge: (answer: unknown) => void) => {
    if (room === 'refused') return acknowledge(REFUSAL);
    seq += 1;
    const sender = { user_id: sent.conversation_id, user_external_id: name, user_display_name: name };
    const { conversation_id, client_message_id, text } = sent;
    const message = toldMessage({ conversation_id, client_message_id, text, seq, sender });
    io.to(conversation_id).emit('message.created', {
      id: new ObjectId().toHexString(),
      type: 'message.created',
      at: message.created_at,
      conversation_id,
      seq,
      data: message,
    });
    acknowledge({ ok: true, data: { ...message, own_reactions: [] } });
  });
  socket.emit('ready', {});
});

http.listen(Number(process.env['PORT']), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
