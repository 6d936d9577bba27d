import { ProtocolError } from '../wire/frame-reader';

const DOCUMENT = 0x03;
const ARRAY = 0x04;

/** One element of a raw document: where it starts (type byte), where its value starts, and where it ends. */
export interface RawElement {
  type: number;
  name: string;
  start: number;
  valueStart: number;
  end: number;
}

/** Walks the top level of a BSON document without decoding values: what the hot path needs to strip a few fields. */
export function* elementsOf(document: Buffer): Generator<RawElement> {
  const end = document.length - 1;
  for (let at = 4; at < end;) {
    const type = document[at]!;
    const nameEnd = document.indexOf(0, at + 1);
    if (nameEnd < 0 || nameEnd >= end) throw new ProtocolError('a document that is cut off');
    const valueStart = nameEnd + 1;
    const next = valueStart + valueSize(document, type, valueStart, end);
    if (next > end) throw new ProtocolError('an element that is cut off');
    yield { type, name: document.toString('latin1', at + 1, nameEnd), start: at, valueStart, end: next };
    at = next;
  }
}

/** The same document without the elements that `drop` names. */
export function withoutElements(document: Buffer, drop: (name: string) => boolean): Buffer {
  const kept: Buffer[] = [Buffer.allocUnsafe(4)];
  let length = 5;
  let from = 4;
  const keep = (to: number) => {
    if (to > from) kept.push(document.subarray(from, to));
    length += Math.max(0, to - from);
  };
  for (const element of elementsOf(document)) {
    if (!drop(element.name)) continue;
    keep(element.start);
    from = element.end;
  }
  if (from === 4) return document;
  keep(document.length - 1);
  kept[0]!.writeInt32LE(length, 0);
  kept.push(Buffer.from([0]));
  return Buffer.concat(kept, length);
}

/** Splits documents that stand one behind the other. */
export function splitDocuments(joined: Buffer): Buffer[] {
  const documents: Buffer[] = [];
  for (let at = 0; at < joined.length;) {
    const size = joined.readInt32LE(at);
    documents.push(joined.subarray(at, at + size));
    at += size;
  }
  return documents;
}

/** Type byte, name `0` and its end: how an array's first element begins. */
const FIRST_OF_ARRAY = Buffer.from([DOCUMENT, 0x30, 0x00]);

/**
 * An insert's one document apart from its command; null when it has none or several.
 * @param beside what came beside the command; without it, the document is looked for in the command's `documents`
 */
export function takeOnlyDocument(command: Buffer, beside: Buffer | null): { body: Buffer; document: Buffer } | null {
  if (beside !== null) return isOneDocument(beside) ? { body: command, document: beside } : null;
  for (const { type, name, valueStart, end } of elementsOf(command)) {
    if (type !== ARRAY || name !== 'documents') continue;
    const first = valueStart + 4;
    const document = command.subarray(first + FIRST_OF_ARRAY.length, end - 1);
    if (!command.subarray(first, first + FIRST_OF_ARRAY.length).equals(FIRST_OF_ARRAY)) return null;
    return isOneDocument(document) ? { body: withoutElements(command, isDocuments), document } : null;
  }
  return null;
}

const isDocuments = (name: string) => name === 'documents';
const isOneDocument = (bytes: Buffer) => bytes.length >= 5 && bytes.readInt32LE(0) === bytes.length;

/**
 * How many bytes a value takes, by its type and its own length; the caller checks that they are there.
 * @see https://bsonspec.org/spec.html
 */
function valueSize(document: Buffer, type: number, at: number, end: number): number {
  switch (type) {
    case 0x01: // double
    case 0x09: // date
    case 0x11: // timestamp
    case 0x12: // int64
      return 8;
    case 0x02: // string
    case 0x0d: // JavaScript
    case 0x0e: // symbol
      return 4 + length(document, at, end, 1);
    case 0x03: // document
    case 0x04: // array
    case 0x0f: // JavaScript with scope
      return length(document, at, end, 5);
    case 0x05: // binary
      return 5 + length(document, at, end, 0);
    case 0x07: // ObjectId
      return 12;
    case 0x08: // boolean
      return 1;
    case 0x06: // undefined
    case 0x0a: // null
    case 0x7f: // max key
    case 0xff: // min key
      return 0;
    case 0x0b: // regular expression: two C strings
      return afterZero(document, afterZero(document, at)) - at;
    case 0x0c: // DBPointer
      return 16 + length(document, at, end, 1);
    case 0x10: // int32
      return 4;
    case 0x13: // decimal128
      return 16;
    default:
      throw new ProtocolError(`a BSON element of type ${type}`);
  }
}

/** A length that stands in the document. One below what is possible would send the walk backwards, and round for ever. */
function length(document: Buffer, at: number, end: number, least: number): number {
  const claimed = at + 4 > end ? -1 : document.readInt32LE(at);
  if (claimed < least) throw new ProtocolError(`a length of ${claimed}`);
  return claimed;
}

function afterZero(document: Buffer, at: number): number {
  const zero = document.indexOf(0, at);
  if (zero < 0) throw new ProtocolError('a text without an end');
  return zero + 1;
}
