import { deserialize, serialize } from 'bson';
import fc from 'fast-check';
import { crc32c } from './crc32c';
import { ProtocolError } from './frame-reader';
import { encodeReply, parseRequest } from './message';

const OP_QUERY = 2004;
const OP_MSG = 2013;

function message(opCode: number, ...parts: Uint8Array[]): Buffer {
  const head = Buffer.alloc(16);
  const whole = Buffer.concat([head, ...parts]);
  whole.writeInt32LE(whole.length, 0);
  whole.writeInt32LE(7, 4);
  whole.writeInt32LE(opCode, 12);
  return whole;
}

const flags = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const body = (document: Record<string, unknown>) => Buffer.concat([Buffer.of(0), serialize(document)]);

function sequence(field: string, ...documents: Record<string, unknown>[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${field}\0`), ...documents.map((document) => serialize(document))]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(content.length + 4, 0);
  return Buffer.concat([Buffer.of(1), size, content]);
}

function withChecksum(whole: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  const longer = Buffer.concat([whole, sum]);
  longer.writeInt32LE(longer.length, 0);
  longer.writeUInt32LE(crc32c(longer.subarray(0, -4)), longer.length - 4);
  return longer;
}

describe('crc32c', () => {
  // The check value that catalogues of CRC algorithms give for CRC-32/ISCSI.
  it('knows the check value of the algorithm', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });
});

describe('parseRequest', () => {
  it('reads a body and what came beside it, in any order', () => {
    const request = parseRequest(
      message(OP_MSG, flags(0), sequence('documents', { a: 1 }, { a: 2 }), body({ insert: 'c' })),
    );
    expect(deserialize(request.body)).toEqual({ insert: 'c' });
    expect(request.sequences).toEqual([
      { field: 'documents', documents: Buffer.concat([serialize({ a: 1 }), serialize({ a: 2 })]) },
    ]);
    expect(request).toMatchObject({ requestId: 7, kind: 'msg', silent: false });
  });

  it('reads several sequences', () => {
    const { sequences } = parseRequest(
      message(OP_MSG, flags(0), body({ bulkWrite: 1 }), sequence('ops', { a: 1 }), sequence('nsInfo', { ns: 'a.b' })),
    );
    expect(sequences.map(({ field }) => field)).toEqual(['ops', 'nsInfo']);
  });

  it('marks a message whose sender wants no reply', () => {
    expect(parseRequest(message(OP_MSG, flags(2), body({ ping: 1 }))).silent).toBe(true);
  });

  it('accepts a right checksum and refuses a wrong one', () => {
    const whole = withChecksum(message(OP_MSG, flags(1), body({ ping: 1 })));
    expect(deserialize(parseRequest(whole).body)).toEqual({ ping: 1 });
    whole[22]! ^= 1;
    expect(() => parseRequest(whole)).toThrow(ProtocolError);
  });

  it('reads the greeting of old drivers', () => {
    const query = message(OP_QUERY, flags(0), Buffer.from('admin.$cmd\0'), Buffer.alloc(8), serialize({ isMaster: 1 }));
    const request = parseRequest(query);
    expect(request).toMatchObject({ kind: 'query', namespace: 'admin.$cmd' });
    expect(deserialize(request.body)).toEqual({ isMaster: 1 });
  });

  it.each([
    ['an unknown opcode', message(2010, flags(0), body({ ping: 1 }))],
    ['an unknown required flag', message(OP_MSG, flags(8), body({ ping: 1 }))],
    ['no body', message(OP_MSG, flags(0), sequence('documents', { a: 1 }))],
    ['two bodies', message(OP_MSG, flags(0), body({ ping: 1 }), body({ ping: 1 }))],
    ['an unknown kind of section', message(OP_MSG, flags(0), Buffer.of(9), serialize({ ping: 1 }))],
    ['a body that is cut off', message(OP_MSG, flags(0), body({ ping: 1 }).subarray(0, -3))],
    ['a sequence that runs over its end', message(OP_MSG, flags(0), body({ ping: 1 }), Buffer.of(1, 255, 0, 0, 0))],
  ])('refuses %s', (_name, whole) => {
    expect(() => parseRequest(whole)).toThrow(ProtocolError);
  });

  it('answers garbage with a protocol error and nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(OP_MSG, OP_QUERY, 1, 2012), fc.uint8Array({ maxLength: 120 }), (opCode, noise) => {
        try {
          parseRequest(message(opCode, noise));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('encodeReply', () => {
  it('answers in the form the request came in', () => {
    const modern = encodeReply(parseRequest(message(OP_MSG, flags(0), body({ ping: 1 }))), { ok: 1 });
    expect([modern.readInt32LE(0), modern.readInt32LE(8), modern.readInt32LE(12)]).toEqual([modern.length, 7, OP_MSG]);
    expect(deserialize(modern.subarray(21))).toEqual({ ok: 1 });
    const query = message(OP_QUERY, flags(0), Buffer.from('admin.$cmd\0'), Buffer.alloc(8), serialize({ isMaster: 1 }));
    const old = encodeReply(parseRequest(query), { ok: 1 });
    expect([old.readInt32LE(12), old.readInt32LE(32)]).toEqual([1, 1]);
    expect(deserialize(old.subarray(36))).toEqual({ ok: 1 });
  });
});
