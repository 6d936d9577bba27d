import type { Socket as NetSocket } from 'node:net';
import { WebSocket } from 'ws';
import { pause, repeat, type Attack, type Sent, type Target } from './attack';

const CONNECTIONS = 20;
const AGAIN_AFTER_MS = 100;
const FRAMES_AT_ONCE = 500;
const MOST_UNSENT_BYTES = 2 ** 20;
const ATTEMPTS = 10_000;
const ATTEMPT_SECONDS = 30;
const ADDRESSES = 20;

type Send = (socket: WebSocket, at: number) => void;

/** Connections that send one thing without end, and connect again when they are cut off. Every second one is of a known user. */
const flood =
  (send: Send, frameBytes: number, reads = true): Attack =>
  (target, until, sent) =>
    repeat(CONNECTIONS, { until, pauseMs: AGAIN_AFTER_MS }, async (at) => {
      const socket = await open(target, sent);
      if (!socket) return;
      if (at % 2 === 0) socket.send(`40${JSON.stringify({ token: target.tokens[at % target.tokens.length] })}`);
      if (!reads) (socket as unknown as { _socket: NetSocket })._socket.pause();
      while (socket.readyState === WebSocket.OPEN && performance.now() < until) {
        for (let frame = 0; frame < FRAMES_AT_ONCE && socket.bufferedAmount < MOST_UNSENT_BYTES; frame += 1) {
          send(socket, frame);
          sent.frames += 1;
          sent.bytes += frameBytes;
        }
        await pause(1);
      }
      socket.terminate();
    });

const PAYLOAD = 'x'.repeat(125);

export const pingsUnread = flood((socket) => socket.ping(PAYLOAD), PAYLOAD.length, false);
export const pingsRead = flood((socket) => socket.ping(PAYLOAD), PAYLOAD.length);
export const pongs = flood((socket) => socket.pong(PAYLOAD), PAYLOAD.length);
export const packets = flood((socket, at) => socket.send('36'[at % 2]!), 1);

/** So many connections within so many seconds, from so many addresses: most say nothing, some send no valid token. */
export const attempts: Attack = async (target, until, sent) => {
  const start = performance.now();
  const gone: Promise<void>[] = [];
  for (let at = 0; at < ATTEMPTS && performance.now() < until; at += 1) {
    const dueMs = (at * ATTEMPT_SECONDS * 1000) / ATTEMPTS;
    if (dueMs > performance.now() - start) await pause(dueMs - (performance.now() - start));
    gone.push(attempt(target, at, sent));
  }
  await Promise.all(gone);
};

async function attempt(target: Target, at: number, sent: Sent): Promise<void> {
  const socket = await open(target, sent, `127.0.0.${2 + (at % ADDRESSES)}`);
  if (!socket) return;
  if (at % 3 === 0) socket.send('40{"token":"nonsense"}');
  if (at % 3 === 1) return socket.terminate();
  await pause(2_000);
  socket.terminate();
}

/** Resolves once the session is open; null when it was refused. */
function open({ url }: Target, sent: Sent, localAddress = '127.0.0.1'): Promise<WebSocket | null> {
  const address = `${url.replace('http', 'ws')}/realtime/?EIO=4&transport=websocket`;
  const socket = new WebSocket(address, { perMessageDeflate: false, localAddress } as object);
  sent.connections += 1;
  return new Promise((resolve) => {
    socket.once('message', () => resolve(socket));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sent.ended += 1;
      resolve(null);
    });
  });
}
