import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import { TokenBucket } from '#caas/platform/concurrency';

const MAX_ADDRESSES = 10_000;
/** So many cuts at once, and one more a second, may come of bad luck behind a shared address. */
const CUTS = { perSecond: 1, burst: 10 };
/** How long an address is in line after a cut that was one too many. */
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
 * Addresses whose connections were cut off again and again. A handshake costs more than the frames that it takes to be cut off, so
 * their next connections wait in line and come in one by one. Nobody is refused for a neighbour's deeds: an honest client of the same
 * address is let in later, and one that is in already notices nothing.
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
   * Calls `proceed` at once, or in its turn if the connection is still there.
   * @returns false when too many of the address wait already
   */
  enter(address: string, socket: Socket, proceed: () => void): boolean {
    const known = this.addresses.get(address);
    if (!known || (known.line.length === 0 && known.inLineUntil <= performance.now())) {
      proceed();
      return true;
    }
    if (known.line.length >= this.mostInLine) return false;
    // Nobody else listens yet, and the other end may be gone by its turn.
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
