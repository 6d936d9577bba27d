import { ObjectId as BsonObjectId } from 'bson';
import { TYPES_WITH_ROWS, type Message } from '#caas/domain/messages';
import { dateText, NotPlain } from './ejson';
import { FORMAT } from './lines';

/** The fields that messages are looked up by, kept beside each line. */
export type IndexedMessage = Pick<
  Message,
  '_id' | '__v' | 'seq' | 'rev' | 'created_at' | 'thread_root_id' | 'mentions'
>;

export interface PlainLine {
  line: string;
  message: IndexedMessage;
}

/** Element types of BSON (bsonspec.org). */
const DOUBLE = 1;
const STRING = 2;
const DOCUMENT = 3;
const ARRAY = 4;
const OBJECT_ID = 7;
const BOOLEAN = 8;
const DATE = 9;
const NULL = 10;
const INT32 = 16;
const INT64 = 18;

const EMPTY_BYTES = 5;
const ID_BYTES = 12;
const REPLACEMENT = '\uFFFD';
const SIMPLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const INTEGER_NAME = /^\d+$/;

/** The values of a message that has only what was sent: no replies, reactions, edits, deletion or pin, no thread and no mentions. */
const PLAIN: Record<string, (reader: BsonReader, type: number) => boolean> = {
  mentions: (reader, type) => type === ARRAY && reader.int32() === EMPTY_BYTES,
  reaction_counts: (reader, type) => type === DOCUMENT && reader.int32() === EMPTY_BYTES,
  reply_count: (reader, type) => type === INT32 && reader.int32() === 0,
  thread_root_id: (_reader, type) => type === NULL,
  pinned_at: (_reader, type) => type === NULL,
  edited_at: (_reader, type) => type === NULL,
  deleted_at: (_reader, type) => type === NULL,
};
const PLAIN_FIELDS = Object.keys(PLAIN).length;

/**
 * Builds the line of a plain message (byte for byte the same as `lineOf`) directly from its BSON. Most messages are plain, and decoding
 * one into objects first takes three times as long. Null for any other message, and for values that relaxed EJSON cannot represent
 * exactly.
 */
export function plainLineOf(bson: Uint8Array): PlainLine | null {
  const reader = new BsonReader(Buffer.from(bson.buffer, bson.byteOffset, bson.byteLength));
  try {
    return lineIn(reader);
  } catch (error) {
    if (error instanceof NotPlain) return null;
    throw error;
  }
}

function lineIn(reader: BsonReader): PlainLine | null {
  const kept: Record<string, string> = {};
  let json = '';
  let plain = 0;
  reader.at = 4;
  for (let type = reader.byte(); type !== 0; type = reader.byte()) {
    const name = reader.name();
    const check = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
    if (check) {
      if (!check(reader, type)) return null;
      plain += 1;
    }
    if (TYPES_WITH_ROWS.has(name) && type !== NULL) return null;
    const value = reader.value(type);
    if (KEPT.get(name) === type) kept[name] = value;
    json += `${json === '' ? '' : ','}${nameText(name)}:${value}`;
  }
  if (plain !== PLAIN_FIELDS || Object.keys(kept).length !== KEPT.size) return null;
  const id = kept._id!.slice(ID_TEXT_FROM, ID_TEXT_FROM + 2 * ID_BYTES);
  return {
    line: `{"v":${FORMAT},"seq":${kept.seq},"id":"${id}","message":{${json}}}\n`,
    message: {
      _id: BsonObjectId.createFromHexString(id),
      __v: Number(kept.__v),
      seq: Number(kept.seq),
      rev: Number(kept.rev),
      created_at: new Date(kept.created_at!.slice(DATE_TEXT_FROM, -2)),
      thread_root_id: null,
      mentions: [],
    },
  };
}

/** Top-level fields that are also returned separately, with their expected types. */
const KEPT = new Map([
  ['_id', OBJECT_ID],
  ['__v', INT32],
  ['seq', INT32],
  ['rev', INT32],
  ['created_at', DATE],
]);
const ID_TEXT_FROM = '{"$oid":"'.length;
const DATE_TEXT_FROM = '{"$date":"'.length;

function nameText(name: string): string {
  if (SIMPLE_NAME.test(name) && name !== '__proto__') return `"${name}"`;
  // JavaScript objects order integer keys first, which would change the order of the document's fields.
  if (name.startsWith('$') || name === '__proto__' || INTEGER_NAME.test(name)) throw new NotPlain();
  return JSON.stringify(name);
}

/** Reads one document from start to end and writes it as relaxed EJSON. @throws NotPlain */
class BsonReader {
  at = 0;
  private lastDate = Number.NaN;
  private lastDateText = '';

  constructor(private readonly bytes: Buffer) {}

  byte(): number {
    this.at += 1;
    return this.bytes[this.at - 1]!;
  }

  /** Reads without advancing. */
  int32(): number {
    return this.bytes.readInt32LE(this.at);
  }

  name(): string {
    const from = this.at;
    const end = this.bytes.indexOf(0, from);
    this.at = end + 1;
    return exact(this.bytes.toString('utf8', from, end));
  }

  value(type: number): string {
    switch (type) {
      case NULL:
        return 'null';
      case STRING:
        return this.string();
      case INT32:
        return String(this.bytes.readInt32LE(this.skip(4)));
      case OBJECT_ID: {
        const from = this.skip(ID_BYTES);
        return `{"$oid":"${this.bytes.toString('hex', from, from + ID_BYTES)}"}`;
      }
      case DATE:
        return this.date();
      case BOOLEAN:
        return this.byte() === 1 ? 'true' : 'false';
      case DOCUMENT:
        return `{${this.elements(true)}}`;
      case ARRAY:
        return `[${this.elements(false)}]`;
      case DOUBLE:
        return numberText(this.bytes.readDoubleLE(this.skip(8)));
      case INT64:
        return integerText(this.bytes.readBigInt64LE(this.skip(8)));
      default:
        throw new NotPlain();
    }
  }

  private elements(named: boolean): string {
    this.skip(4);
    let text = '';
    for (let type = this.byte(); type !== 0; type = this.byte()) {
      const name = this.name();
      const value = this.value(type);
      text += `${text === '' ? '' : ','}${named ? `${nameText(name)}:` : ''}${value}`;
    }
    return text;
  }

  private string(): string {
    const length = this.bytes.readInt32LE(this.skip(4));
    const from = this.skip(length);
    return JSON.stringify(exact(this.bytes.toString('utf8', from, from + length - 1)));
  }

  /** Cached, because most messages contain the same time twice. */
  private date(): string {
    const ms = Number(this.bytes.readBigInt64LE(this.skip(8)));
    if (ms !== this.lastDate) {
      this.lastDateText = `{"$date":"${dateText(new Date(ms))}"}`;
      this.lastDate = ms;
    }
    return this.lastDateText;
  }

  private skip(bytes: number): number {
    this.at += bytes;
    return this.at - bytes;
  }
}

/**
 * Invalid UTF-8 decodes to the replacement character. We cannot tell it from a real one here, so the message is decoded in full
 * instead.
 */
function exact(text: string): string {
  if (text.includes(REPLACEMENT)) throw new NotPlain();
  return text;
}

function numberText(value: number): string {
  if (!Number.isFinite(value) || Object.is(value, -0)) throw new NotPlain();
  return String(value);
}

function integerText(value: bigint): string {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new NotPlain();
  return String(number);
}
