/**
 * What a room is measured against: socket.io that keeps nothing, checks nothing and knows one process. The same envelope of the
 * same length goes to the same clients, and the sender gets the same acknowledgement.
 */
import { createServer } from 'node:http';
import { ObjectId } from 'bson';
import { Server } from 'socket.io';

interface Sent {
  conversation_id: string;
  client_message_id: string;
  text: string;
}

const http = createServer((_request, response) => response.end('{}'));
const io = new Server(http, { path: '/realtime', transports: ['websocket'], serveClient: false });

let seq = 0;

/** The token says which room the client is in: `<room>/<name>`. */
io.on('connection', (socket) => {
  const [room, name] = String((socket.handshake.auth as { token: unknown }).token).split('/');
  void socket.join(room!);
  socket.on('message.send', (sent: Sent, acknowledge: (answer: unknown) => void) => {
    const message = messageOf(sent, name!);
    io.to(sent.conversation_id).emit('message.created', {
      id: new ObjectId().toHexString(),
      type: 'message.created',
      at: message.created_at,
      conversation_id: sent.conversation_id,
      seq,
      rev: seq,
      data: message,
    });
    acknowledge({ ok: true, data: { ...message, own_reactions: [] } });
  });
  socket.emit('ready', {});
});

/** Field for field what clients are told of a message. */
function messageOf({ conversation_id, client_message_id, text }: Sent, name: string) {
  seq += 1;
  const now = new Date().toISOString();
  return {
    id: new ObjectId().toHexString(),
    conversation_id,
    seq,
    rev: seq,
    client_message_id,
    sender: { user_id: conversation_id, user_external_id: name, user_display_name: name },
    type: 'text',
    text,
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
    deleted_at: null,
    created_at: now,
    updated_at: now,
  };
}

http.listen(Number(process.env['PORT']), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
