import type { Socket } from 'socket.io';

/** As much of a client of socket.io as is touched here; none of it is in its public types. */
interface Receiving {
  decoder: { add(packet: unknown): void };
}

/** Of Socket.IO 5: `2`, the id of the acknowledgement if one is wanted, and `["name",…]`. */
const EVENT = /^2(\d*)\["([\w.]{1,64})"/;

export interface Unread {
  /** Undefined when it is not an event with a plain name. */
  event?: string | undefined;
  /** Empty when no acknowledgement is wanted. */
  id?: string | undefined;
}

/**
 * Shows each packet of a client to `isDone` before it is parsed, and parses it only if that answers false: parsing, checking
 * and refusing one by one cost twenty times as much, and a flood consists of nothing else.
 *
 * The decoder is not part of socket.io's public interface: `intercept-packets.spec.ts` fails when an upgrade takes it away.
 */
export function interceptPackets(socket: Socket, isDone: (packet: Unread) => boolean): void {
  const { decoder } = socket.client as unknown as Receiving;
  const parse = decoder.add.bind(decoder);
  decoder.add = (packet) => {
    const [, id, event] = (typeof packet === 'string' ? EVENT.exec(packet) : null) ?? [];
    if (!isDone({ event, id })) parse(packet);
  };
}
