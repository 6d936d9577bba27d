import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './identity';

/** Below the range the kernel takes outgoing ports from, so that no client connection snatches a port between probe and use. */
const FIRST = 20_000;
const LAST = 32_000;

/**
 * One file per port that was given out and is perhaps not bound yet: a probe alone cannot see what another process of this
 * machine was just given, and two systems started at once would now and then meet on a port. A claim ends with its process.
 */
const CLAIMS = join(tmpdir(), `caas-ports-${process.getuid?.() ?? 0}`);

/**
 * A port of 127.0.0.1 that nothing listens on: `preferred` if that is free, though this process may have given it before; else
 * one that was not given out.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (isOwn(preferred) || claim(preferred)) && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(FIRST, LAST);
    if (await take(port)) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

/** `count` consecutive free ports, the first of them: an api on each. */
export async function freePortRange(count: number): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const first = randomInt(FIRST, LAST - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const taken = await Promise.all(ports.map(take));
    if (taken.every(Boolean)) return first;
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

async function take(port: number): Promise<boolean> {
  return claim(port) && (await isFree(port));
}

/** Writes this process's name on the port; false if somebody who still runs has theirs there, oneself included. */
function claim(port: number): boolean {
  const file = fileOf(port);
  mkdirSync(CLAIMS, { recursive: true });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, JSON.stringify(self()), { flag: 'wx' });
      return true;
    } catch {
      const holder = holderOf(port);
      if (holder && isRunning(holder)) return false;
      rmSync(file, { force: true });
    }
  }
  return false;
}

const fileOf = (port: number) => join(CLAIMS, String(port));
const self = (): ProcessIdentity => identify(process.pid) ?? { pid: process.pid, startedAt: '' };
const identityOf = (of: ProcessIdentity | undefined) => of && `${of.pid} ${of.startedAt}`;
const isOwn = (port: number): boolean => identityOf(holderOf(port)) === identityOf(self());

/** Nobody, too, when the claim was written half by a process that was killed over it. */
function holderOf(port: number): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(port), 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
