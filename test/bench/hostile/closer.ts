/** What the attackers are measured at: a server that ends every connection as soon as it is there, and does nothing else. */
import { createServer } from 'node:net';

createServer((socket) => {
  socket.on('error', () => undefined);
  socket.destroy();
}).listen(Number(process.env['PORT']), '127.0.0.1', () => process.send!('listening'));
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
