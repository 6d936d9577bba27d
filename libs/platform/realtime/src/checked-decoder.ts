import type { Type } from '@nestjs/common';
import { Decoder, PacketType, type Packet } from 'socket.io-parser';
import type { CaasError } from '#caas/kernel';
import { problemsOfJson, readDto } from '#caas/platform/http';

/** The head of a Socket.IO 5 packet: type, namespace, and the id of the acknowledgement if one is requested. JSON follows. */
const HEAD = /^(\d)(?:(\/[^,]{0,64}),)?(\d{0,15})/;
const EVENT_NAME = /^\["([\w.]{1,64})"/;
const LONGEST_NAME = 70;
/** Events of the socket itself. Its listeners would treat a client's event of this name as genuine. */
const RESERVED_NAMES = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);
/** The array of the event's name and parameters, which encloses the payload. */
const OUTER_LEVELS = 1;

/** Replaces the payload of a message that was not parsed because its JSON was refused. */
class RefusedPayload {
  constructor(readonly refusal: CaasError) {}
}

/**
 * Reads the payload of a client's message as its DTO; a missing payload counts as an object without fields.
 * @throws CaasError `validation_failed`, `malformed_body` (400)
 */
export function readPayload<T extends object>(dto: Type<T>, payload: unknown): T {
  if (payload instanceof RefusedPayload) throw payload.refusal;
  return readDto(dto, payload === undefined ? {} : payload);
}

/**
 * Checks a packet's JSON before it is parsed, by the same code and for the same reasons as REST bodies. A refused event takes the
 * usual path, with the refusal as its payload. Packets with attachments do not get here: `FloodGuard` refuses them.
 */
export class CheckedDecoder extends Decoder {
  override add(packet: unknown): void {
    const refused = typeof packet === 'string' ? this.refusedPacket(packet) : null;
    if (refused) this.emitReserved('decoded', refused);
    else super.add(packet);
  }

  /** @throws Error, which ends the connection, when the packet is no event that could be answered with an error */
  private refusedPacket(text: string): Packet | null {
    const [head = '', type, nsp = '/', id = ''] = HEAD.exec(text) ?? [];
    const problems = problemsOfJson(text, { from: head.length, outerLevels: OUTER_LEVELS });
    if (problems.isEmpty) return null;
    // A refused CONNECT is read as one without a token, since the token is all that we read of it. The client gets the error for
    // a missing token.
    if (Number(type) === PacketType.CONNECT) return { type: PacketType.CONNECT, nsp, data: {} };
    const event = EVENT_NAME.exec(text.slice(head.length, head.length + LONGEST_NAME))?.[1] ?? '';
    const isEvent = Number(type) === PacketType.EVENT;
    if (!isEvent || event === '' || RESERVED_NAMES.has(event)) throw new Error('a packet that cannot be answered');
    const data = [event, new RefusedPayload(problems.refusal())];
    return { type: PacketType.EVENT, nsp, data, ...(id === '' ? {} : { id: Number(id) }) };
  }
}
