import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSocket } from './client-socket';
import type { InFlightCounter } from './in-flight-counter';

/** Together less than `SHUTDOWN_TIMEOUT`: the time for messages in progress to finish, and for clients to read what was written. */
const LAST_WORK_MS = 3_000;
const LAST_WORDS_MS = 1_500;
/** Each client adds this much to the time over which reconnections are spread: some 200 handshakes a second on other processes. */
const SPREAD_PER_CLIENT_MS = 5;
const SPREAD_AT_LEAST_MS = 1_000;
const SPREAD_AT_MOST_MS = 30_000;

/**
 * Shuts down the sockets of a process. Each client is sent a random delay after which to reconnect; messages in progress are
 * answered; then the connections close. A client that does not read is cut off.
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
