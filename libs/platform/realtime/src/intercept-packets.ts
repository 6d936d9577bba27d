import type { Socket } from 'socket.io';

/** The parts of a socket.io client that we use; none of them is in its public types. */
interface Receiving {
  decoder: { add(packet: unknown): void };
}

/** A client's message. `id`: the id of the acknowledgement that the client waits for; empty when it waits for none. */
export type UnreadMessage =
  /** `event`: undefined when the name has other characters than word characters and dots. */
  | { kind: 'event'; event: string | undefined; id: string }
  /** Its attachments follow as packets of their own. */
  | { kind: 'binary-event'; id: string };

/** A packet, classified without parsing it. */
export type UnreadPacket =
  | UnreadMessage
  /** `attachment`: of a binary event. `acknowledgement`: of an event that we sent. `connect`: to another namespace. */
  | { kind: 'attachment' | 'acknowledgement' | 'connect' | 'disconnect' | 'unknown' };

/** The head of a Socket.IO 5 packet: type, for binary events the number of attachments, id of the acknowledgement, and `["name",…]`. */
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
  /** Whether the packet has been handled; only otherwise is it parsed. */
  isDone(packet: UnreadPacket): boolean;
  /** The packet could not be parsed. */
  unreadable(packet: UnreadPacket): void;
}

/**
 * Passes each packet of a client to `isDone` before it is parsed. Parsing, checking and refusing packets one by one cost twenty
 * times as much, and a flood consists of nothing else.
 *
 * The decoder is not part of socket.io's public interface: `intercept-packets.spec.ts` fails when an upgrade removes it.
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
