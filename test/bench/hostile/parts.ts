/** One kind of attack, as long as it is beside the honest tenant. */
export interface Part {
  what: string;
  kind: string;
  attackers: number;
  /** Instead of the bench's own. */
  seconds?: number;
  /** Instead of the bench's own. */
  rounds?: number;
}

/** In the order in which they run. */
export const PARTS: Part[] = [
  { what: 'WebSocket pings whose answers are not read', kind: 'pings-unread', attackers: 2 },
  { what: 'WebSocket pings whose answers are read', kind: 'pings-read', attackers: 2 },
  { what: 'WebSocket pongs nobody asked for', kind: 'pongs', attackers: 2 },
  { what: 'Engine.IO packets 3 and 6', kind: 'packets', attackers: 2 },
  { what: '500 unfinished bodies of 0.99 MB, no credential', kind: 'bodies', attackers: 1 },
  { what: 'bodies of 80,000 unknown fields', kind: 'fields', attackers: 1 },
  { what: 'texts against 1,000 phrases that begin alike', kind: 'words', attackers: 1 },
  { what: 'credentials that do not verify', kind: 'guesses', attackers: 2 },
  { what: '10,000 sockets in 30 s from 20 addresses', kind: 'attempts', attackers: 1, seconds: 30, rounds: 1 },
];
