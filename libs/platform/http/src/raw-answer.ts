import type { Socket } from 'node:net';
import { PROBLEM_TYPE, type Problem } from './problem';

/** Answers on a socket for which Node has made no response: the input was not HTTP, or it asked for an upgrade. Closes the socket. */
export function answerOnSocket(socket: Socket, problem: Problem, headers: Readonly<Record<string, string>> = {}): void {
  const body = JSON.stringify(problem);
  const fields = {
    ...headers,
    'Content-Type': PROBLEM_TYPE,
    'X-Request-Id': problem.request_id,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  // The socket has no other error listener, and the client may have closed it.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${body}`);
}
