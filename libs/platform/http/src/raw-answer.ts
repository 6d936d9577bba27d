import type { Socket } from 'node:net';
import { PROBLEM_TYPE, type Problem } from './problem';

/** Answers on a connection on which Node has made no response: what was no HTTP, or asked for an upgrade. Closes it. */
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
  // Nobody else listens, and the other end may be gone.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${body}`);
}
