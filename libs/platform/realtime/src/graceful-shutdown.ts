import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSocket } from './client-socket';
import type { InFlightCounter } from './in-flight-counter';

/** Together less than `SHUTDOWN_TIMEOUT`: what begun has this long to end, and what was written this long to be read. */
const LAST_WORK_MS = 3_000;
const LAST_WORDS_MS = 1_500;
/** Each client adds so much to the time over which all of them come back: some 200 handshakes a second elsewhere. */
const SPREAD_PER_CLIENT_MS = 5;
const SPREAD_AT_LEAST_MS = 1_000;
const SPREAD_AT_MOST_MS = 30_000;

/**
 * The end of a process as its clients see it: they are told when to come back, each at another moment; what they asked is
 * answered; and the connections close. Whoever does not read is not waited for.
 */
export async function drainSockets(clients: ClientSocket[], inFlight: InFlightCounter): Promise<void> {
  const spreadMs = Math.min(SPREAD_AT_MOST_MS, Math.max(SPREAD_AT_LEAST_MS, clients.length * SPREAD_PER_CLIENT_MS));
  for (const client of clients) {
    client.tell('server.closing', { reconnect_after_ms: Math.floor(Math.random() * spreadMs) });
  }
  await atMost(LAST_WORK_MS, inFlight.none());
  await atMost(LAST_WORDS_MS, Promise.all(clients.map((client) => client.hangUp())));
  for (const client of clients) client.cutOff();
}

async function atMost(limitMs: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, sleep(limitMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
  limit.abort();
}
