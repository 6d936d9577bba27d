import type { Type } from '@nestjs/common';
import { Decoder, PacketType, type Packet } from 'socket.io-parser';
import type { CaasError } from '#caas/kernel';
import { problemsOfJson, readDto } from '#caas/platform/http';

/** Of Socket.IO 5: the type, a namespace, the id of the acknowledgement if one is wanted; then JSON. */
const HEAD = /^(\d)(?:(\/[^,]{0,64}),)?(\d{0,15})/;
const EVENT_NAME = /^\["([\w.]{1,64})"/;
const LONGEST_NAME = 70;
/** Those of a socket itself, which its listeners would take for true. */
const RESERVED_NAMES = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);
/** The list of an event's name and parameters, around what the client calls its payload. */
const OUTER_LEVELS = 1;

/** Stands for the payload of a message that was not parsed, because of what is in it. */
class RefusedPayload {
  constructor(readonly refusal: CaasError) {}
}

/**
 * What a client has sent beside the name of a message, as its DTO; without a payload it has no fields.
 * @throws CaasError `validation_failed`, `malformed_body` (400)
 */
export function readPayload<T extends object>(dto: Type<T>, payload: unknown): T {
  if (payload instanceof RefusedPayload) throw payload.refusal;
  return readDto(dto, payload === undefined ? {} : payload);
}

/**
 * Looks through a packet's JSON before it is parsed, as bodies over REST are: what a client must not send is refused for the same
 * reasons by the same code. The event goes its usual way, with the refusal for a payload. Packets with attachments do not come so
 * far: `FloodGuard` refuses them.
 */
export class CheckedDecoder extends Decoder {
  override add(packet: unknown): void {
    const refused = typeof packet === 'string' ? this.refusedPacket(packet) : null;
    if (refused) this.emitReserved('decoded', refused);
    else super.add(packet);
  }

  /** @throws Error, which ends the connection, where there is no event whose sender could be told */
  private refusedPacket(text: string): Packet | null {
    const [head = '', type, nsp = '/', id = ''] = HEAD.exec(text) ?? [];
    const problems = problemsOfJson(text, { from: head.length, outerLevels: OUTER_LEVELS });
    if (problems.isEmpty) return null;
    // Who connects is told that there is no token, which is all that we look for in it.
    if (Number(type) === PacketType.CONNECT) return { type: PacketType.CONNECT, nsp, data: {} };
    const event = EVENT_NAME.exec(text.slice(head.length, head.length + LONGEST_NAME))?.[1] ?? '';
    const isEvent = Number(type) === PacketType.EVENT;
    if (!isEvent || event === '' || RESERVED_NAMES.has(event)) throw new Error('a packet that cannot be answered');
    const data = [event, new RefusedPayload(problems.refusal())];
    return { type: PacketType.EVENT, nsp, data, ...(id === '' ? {} : { id: Number(id) }) };
  }
}
