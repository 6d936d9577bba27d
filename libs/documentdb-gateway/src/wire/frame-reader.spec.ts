import fc from 'fast-check';
import { FrameReader, MAX_MESSAGE_BYTES, ProtocolError } from './frame-reader';

function frame(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(16 + payload.length, 0);
  return Buffer.concat([head, payload]);
}

describe('FrameReader', () => {
  it('gives the same messages however the stream was cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (contents, cuts) => {
        const messages = contents.map(frame);
        const stream = Buffer.concat(messages);
        const reader = new FrameReader();
        const seen: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = cuts[turn % cuts.length]!;
          seen.push(...reader.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(Buffer.concat(seen).equals(stream)).toBe(true);
        expect(seen.map(({ length }) => length)).toEqual(messages.map(({ length }) => length));
      }),
    );
  });

  it('joins a large message once, not once per chunk', () => {
    const message = frame(Buffer.alloc(40_000_000));
    const reader = new FrameReader();
    const concat = jest.spyOn(Buffer, 'concat');
    const seen: Buffer[] = [];
    for (let at = 0; at < message.length; at += 65_536) seen.push(...reader.push(message.subarray(at, at + 65_536)));
    expect(seen.map(({ length }) => length)).toEqual([message.length]);
    expect(concat).toHaveBeenCalledTimes(1);
    concat.mockRestore();
  });

  it.each([-1, 0, 15, MAX_MESSAGE_BYTES + 1, 0x54455047])('refuses a message that claims %d bytes', (length) => {
    const start = Buffer.alloc(4);
    start.writeInt32LE(length, 0);
    expect(() => new FrameReader().push(start)).toThrow(ProtocolError);
  });
});
