import { serialize } from 'bson';
import { crc32c } from './crc32c';
import { ProtocolError } from './frame-reader';

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const KNOWN_REQUIRED_FLAGS = CHECKSUM_PRESENT | MORE_TO_COME;

/** Documents one behind the other, with the name of the field they stand for. */
export interface DocumentSequence {
  field: string;
  documents: Buffer;
}

/** A request as it came: raw BSON, nothing decoded that need not be. */
export interface WireRequest {
  requestId: number;
  kind: 'msg' | 'query';
  /** The command document, raw. */
  body: Buffer;
  /** What came beside the body; a command of today has at most one, and `bulkWrite` two. */
  sequences: DocumentSequence[];
  /** The client wants no reply (`w: 0`). */
  silent: boolean;
  /** Only of OP_QUERY: `admin.$cmd` and the like. */
  namespace: string | null;
}

/**
 * Reads OP_MSG (with document sequences and checksum) and the OP_QUERY that old drivers greet with.
 * @see https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 * @throws ProtocolError
 */
export function parseRequest(frame: Buffer): WireRequest {
  const requestId = frame.readInt32LE(4);
  const opCode = frame.readInt32LE(12);
  if (opCode === OP_MSG) return parseMessage(frame, requestId);
  if (opCode === OP_QUERY) return parseQuery(frame, requestId);
  throw new ProtocolError(`the opcode ${opCode}`);
}

function parseMessage(frame: Buffer, requestId: number): WireRequest {
  if (frame.length < 26) throw new ProtocolError('an OP_MSG without a body');
  const flags = frame.readUInt32LE(16);
  if ((flags & 0xffff & ~KNOWN_REQUIRED_FLAGS) !== 0) throw new ProtocolError(`the OP_MSG flags ${flags}`);
  let end = frame.length;
  if (flags & CHECKSUM_PRESENT) {
    end -= 4;
    if (frame.readUInt32LE(end) !== crc32c(frame.subarray(0, end))) throw new ProtocolError('a wrong checksum');
  }
  let body: Buffer | null = null;
  const sequences: DocumentSequence[] = [];
  for (let at = 20; at < end;) {
    const kind = frame[at]!;
    const size = boundedSize(frame, at + 1, end);
    const section = frame.subarray(at + 1, at + 1 + size);
    if (kind === 0 && body === null) body = section;
    else if (kind === 1) sequences.push(parseSequence(section));
    else throw new ProtocolError(`a section of kind ${kind}`);
    at += 1 + size;
  }
  if (body === null) throw new ProtocolError('an OP_MSG without a body');
  return { requestId, kind: 'msg', body, sequences, silent: (flags & MORE_TO_COME) !== 0, namespace: null };
}

function parseSequence(section: Buffer): DocumentSequence {
  const end = section.indexOf(0, 4);
  if (end < 0) throw new ProtocolError('a document sequence without a name');
  const documents = section.subarray(end + 1);
  for (let at = 0; at < documents.length;) at += boundedSize(documents, at, documents.length);
  return { field: section.toString('utf8', 4, end), documents };
}

function parseQuery(frame: Buffer, requestId: number): WireRequest {
  const end = frame.indexOf(0, 20);
  if (end < 0 || end + 9 > frame.length) throw new ProtocolError('an OP_QUERY without a name');
  const size = boundedSize(frame, end + 9, frame.length);
  const body = frame.subarray(end + 9, end + 9 + size);
  return { requestId, kind: 'query', body, sequences: [], silent: false, namespace: frame.toString('utf8', 20, end) };
}

/** The length a BSON document or section claims, when it fits into what there is. */
function boundedSize(buffer: Buffer, at: number, end: number): number {
  if (at + 4 > end) throw new ProtocolError('a section that is cut off');
  const size = buffer.readInt32LE(at);
  if (size < 5 || at + size > end) throw new ProtocolError(`a document of ${size} bytes`);
  return size;
}

/** A reply to `request`, in the form the request came in. */
export function encodeReply(request: WireRequest, reply: Buffer | Record<string, unknown>): Buffer {
  const document = Buffer.isBuffer(reply) ? reply : Buffer.from(serialize(reply));
  const isMessage = request.kind === 'msg';
  const head = Buffer.allocUnsafe(isMessage ? 21 : 36);
  head.writeInt32LE(head.length + document.length, 0);
  head.writeInt32LE(0, 4);
  head.writeInt32LE(request.requestId, 8);
  head.writeInt32LE(isMessage ? OP_MSG : OP_REPLY, 12);
  head.fill(0, 16);
  if (!isMessage) head.writeInt32LE(1, 32);
  return Buffer.concat([head, document]);
}
