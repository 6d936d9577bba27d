import { BSONValue, EJSON, serialize } from 'bson';

/** Fields in their order, names twice when a test wants that: what a JavaScript object cannot say. */
export class Fields {
  constructor(readonly entries: readonly (readonly [name: string, value: unknown])[]) {}

  get(name: string): unknown {
    return this.entries.find(([each]) => each === name)?.[1];
  }
}

/** A value of a BSON type that drivers no longer write, or of bytes that they never would. */
export class Raw {
  constructor(
    readonly type: number,
    readonly bytes: Buffer,
  ) {}
}

/** Stands for the id of the cursor that the connection opened last. */
export const LIVE_CURSOR = Symbol('the last cursor');

const [DOCUMENT, ARRAY, INT64] = [0x03, 0x04, 0x12];
const END = Buffer.alloc(1);

/** BSON of fields, lists, JavaScript values and the classes of `bson`. */
export function encode(fields: Fields, cursorId: bigint): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields.entries) parts.push(...element(name, value, cursorId));
  return framed(parts);
}

function element(name: string, value: unknown, cursorId: bigint): Buffer[] {
  const [type, bytes] = typed(value, cursorId);
  // A nul would end the name.
  return [Buffer.from([type]), Buffer.from(name.replaceAll('\0', '')), END, bytes];
}

function typed(value: unknown, cursorId: bigint): readonly [type: number, bytes: Buffer] {
  if (value instanceof Fields) return [DOCUMENT, encode(value, cursorId)];
  if (value instanceof Raw) return [value.type, value.bytes];
  if (value === LIVE_CURSOR) return [INT64, int64(cursorId)];
  if (Array.isArray(value)) {
    return [ARRAY, framed(value.flatMap((item, index) => element(String(index), item, cursorId)))];
  }
  if (isPlain(value)) return [DOCUMENT, encode(new Fields(Object.entries(value)), cursorId)];
  const document = Buffer.from(serialize({ a: value }, { ignoreUndefined: false }));
  return [document[4]!, document.subarray(7, document.length - 1)];
}

function framed(parts: Buffer[]): Buffer {
  const head = Buffer.alloc(4);
  const document = Buffer.concat([head, ...parts, END]);
  document.writeInt32LE(document.length);
  return document;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof BSONValue) && value.constructor === Object;
}

/** Canonical Extended JSON to read; raw values as `{"$raw": [type, hex]}`. */
export function toJson(value: unknown): string {
  if (value instanceof Fields) {
    return `{${value.entries.map(([name, each]) => `${JSON.stringify(name)}:${toJson(each)}`).join(',')}}`;
  }
  if (value instanceof Raw) return `{"$raw":[${value.type},"${value.bytes.toString('hex').slice(0, 64)}"]}`;
  if (value === LIVE_CURSOR) return '"(the last cursor)"';
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (isPlain(value)) return toJson(new Fields(Object.entries(value)));
  return EJSON.stringify(value ?? null, { relaxed: false });
}
