import type { Socket } from 'socket.io';

/** As much of a client of socket.io as is touched here; none of it is in its public types. */
interface Receiving {
  decoder: { add(packet: unknown): void };
}

/** A message of a client. `id`: under which it waits for the acknowledgement; empty when it does not. */
export type UnreadMessage =
  /** `event`: undefined when it is no plain name. */
  | { kind: 'event'; event: string | undefined; id: string }
  /** Its attachments come after it. */
  | { kind: 'binary-event'; id: string };

/** What has come, as far as it can be told unread. */
export type UnreadPacket =
  | UnreadMessage
  /** `attachment`: of a binary event. `acknowledgement`: of what we sent. `connect`: to another namespace. */
  | { kind: 'attachment' | 'acknowledgement' | 'connect' | 'disconnect' | 'unknown' };

/** Of Socket.IO 5: the type, for binary events how many attachments, the id of the acknowledgement, and `["name",…]`. */
const EVENT = /^2(\d{0,15})\[\s{0,4}(?:"([\w.]{1,64})"\s{0,4}[,\]])?/;
const BINARY_EVENT = /^5\d{1,2}-(\d{0,15})\[/;
const ACKNOWLEDGEMENT = /^[36]/;
const CONNECT_ELSEWHERE = /^0\//;
const DISCONNECT = /^1\/?,?$/;

export function kindOf(packet: unknown): UnreadPacket {
  if (Buffer.isBuffer(packet)) return { kind: 'attachment' };
  if (typeof packet !== 'string') return { kind: 'unknown' };
  const event = EVENT.exec(packet);
  if (event) return { kind: 'event', event: event[2], id: event[1]! };
  const binary = BINARY_EVENT.exec(packet);
  if (binary) return { kind: 'binary-event', id: binary[1]! };
  if (ACKNOWLEDGEMENT.test(packet)) return { kind: 'acknowledgement' };
  if (CONNECT_ELSEWHERE.test(packet)) return { kind: 'connect' };
  return { kind: DISCONNECT.test(packet) ? 'disconnect' : 'unknown' };
}

export interface PacketInterceptor {
  /** Whether the packet is done with; it is parsed only if not. */
  isDone(packet: UnreadPacket): boolean;
  /** It was parsed, and cannot be read. */
  unreadable(packet: UnreadPacket): void;
}

/**
 * Shows each packet of a client to `isDone` before it is parsed: parsing, checking and refusing one by one cost twenty times as
 * much, and a flood consists of nothing else.
 *
 * The decoder is not part of socket.io's public interface: `intercept-packets.spec.ts` fails when an upgrade takes it away.
 */
export function interceptPackets(socket: Socket, interceptor: PacketInterceptor): void {
  const { decoder } = socket.client as unknown as Receiving;
  const parse = decoder.add.bind(decoder);
  decoder.add = (packet) => {
    const unread = kindOf(packet);
    if (interceptor.isDone(unread)) return;
    try {
      parse(packet);
    } catch {
      interceptor.unreadable(unread);
    }
  };
}
