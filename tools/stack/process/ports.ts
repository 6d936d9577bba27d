import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

/** Below the range the kernel takes outgoing ports from, so that no client connection snatches a port between probe and use. */
const FIRST = 20_000;
const LAST = 32_000;

/** Ports given out by this process and perhaps not yet bound by the child they are meant for. */
const given = new Set<number>();

/** A port of 127.0.0.1 that nothing listens on: `preferred` if that is free, else one that was not given out before. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return claim(preferred);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(FIRST, LAST);
    if (!given.has(port) && (await isFree(port))) return claim(port);
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

/** `count` consecutive free ports, the first of them: an api on each. */
export async function freePortRange(count: number): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const first = randomInt(FIRST, LAST - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.map(async (port) => !given.has(port) && (await isFree(port))));
    if (free.every(Boolean)) return ports.map(claim)[0] ?? first;
  }
  throw new Error(`no ${count} free ports in a row`);
}

/** True if a server could listen there now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** True if something accepts connections there. */
export function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const answer = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(1000, () => answer(false));
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

function claim(port: number): number {
  given.add(port);
  return port;
}
