import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import { TokenBucket } from '#caas/platform/concurrency';

const MAX_ADDRESSES = 10_000;
/** Cuts that are tolerated: a burst and a rate. This many may happen by chance to clients that share an address. */
const CUTS = { perSecond: 1, burst: 10 };
/** How long the connections of an address are queued after a cut beyond the tolerated rate. */
const IN_LINE_MS = 10_000;
const NEXT_AFTER_MS = 200;

interface Address {
  readonly cuts: TokenBucket;
  /** By `performance.now()`. */
  inLineUntil: number;
  readonly line: Waiting[];
  timer: NodeJS.Timeout | null;
}

interface Waiting {
  socket: Socket;
  proceed: () => void;
}

/**
 * Addresses whose connections were cut off repeatedly. A handshake costs more than the few frames that lead to the cut, so
 * further connections of such an address wait in a queue and are admitted one by one. No client is refused because of others at
 * its address: an honest client is admitted later, and a client that is already connected is not affected.
 */
export class OffendingAddresses {
  private readonly addresses = new LRUCache<string, Address>({ max: MAX_ADDRESSES });

  constructor(private readonly mostInLine: number) {}

  /** A connection of the address was cut off. */
  cut(address: string): void {
    const now = performance.now();
    const known = this.addresses.get(address) ?? newAddress(now);
    if (!known.cuts.spend(1, now)) known.inLineUntil = now + IN_LINE_MS;
    this.addresses.set(address, known);
  }

  /**
   * Calls `proceed` at once, or when the connection's turn comes if it is still open.
   * @returns false when too many connections of the address wait already
   */
  enter(address: string, socket: Socket, proceed: () => void): boolean {
    const known = this.addresses.get(address);
    if (!known || (known.line.length === 0 && known.inLineUntil <= performance.now())) {
      proceed();
      return true;
    }
    if (known.line.length >= this.mostInLine) return false;
    // The socket has no other error listener yet, and the client may close it before its turn.
    socket.on('error', () => socket.destroy());
    known.line.push({ socket, proceed });
    known.timer ??= setInterval(() => next(known), NEXT_AFTER_MS).unref();
    return true;
  }
}

const newAddress = (now: number): Address => ({
  cuts: new TokenBucket(CUTS.perSecond, CUTS.burst, now),
  inLineUntil: 0,
  line: [],
  timer: null,
});

function next(address: Address): void {
  let first = address.line.shift();
  while (first && isGone(first.socket)) first = address.line.shift();
  first?.proceed();
  if (address.line.length > 0 || !address.timer) return;
  clearInterval(address.timer);
  address.timer = null;
}

const isGone = ({ destroyed, readableEnded }: Socket): boolean => destroyed || readableEnded;
