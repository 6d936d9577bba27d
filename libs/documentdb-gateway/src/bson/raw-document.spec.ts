import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  deserialize,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
} from 'bson';
import fc from 'fast-check';
import { ProtocolError } from '../wire/frame-reader';
import { elementsOf, splitDocuments, takeOnlyDocument, withoutElements } from './raw-document';

const EVERY_TYPE = {
  double: 1.5,
  text: 'grüße',
  document: { a: { b: 1 } },
  array: [1, 'two', [3]],
  binary: new Binary(Buffer.from('abc')),
  id: new ObjectId(),
  yes: true,
  at: new Date(0),
  nothing: null,
  pattern: new BSONRegExp('a.b', 'i'),
  code: new Code('x'),
  scoped: new Code('x', { y: 1 }),
  int: 5,
  timestamp: new Timestamp({ t: 1, i: 2 }),
  long: Long.fromString('9007199254740993'),
  decimal: Decimal128.fromString('1.25'),
  min: new MinKey(),
  max: new MaxKey(),
};
const raw = (document: Record<string, unknown>) => Buffer.from(serialize(document));

describe('elementsOf', () => {
  it('walks over every type of BSON', () => {
    expect([...elementsOf(raw(EVERY_TYPE))].map(({ name }) => name)).toEqual(Object.keys(EVERY_TYPE));
  });

  it('meets damage with a protocol error, or reads on within bounds', () => {
    const whole = raw(EVERY_TYPE);
    fc.assert(
      fc.property(fc.integer({ min: 4, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        try {
          for (const { end } of elementsOf(damaged)) expect(end).toBeLessThan(damaged.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('withoutElements', () => {
  it('leaves a document of the rest, whatever is taken out', () => {
    const names = fc.subarray(Object.keys(EVERY_TYPE));
    fc.assert(
      fc.property(names, (dropped) => {
        const left = withoutElements(raw(EVERY_TYPE), (name) => dropped.includes(name));
        expect(left.readInt32LE(0)).toBe(left.length);
        expect(Object.keys(deserialize(left))).toEqual(
          Object.keys(EVERY_TYPE).filter((name) => !dropped.includes(name)),
        );
      }),
    );
  });

  it('gives the same bytes when there is nothing to take out', () => {
    const whole = raw({ a: 1 });
    expect(withoutElements(whole, () => false)).toBe(whole);
  });
});

describe('takeOnlyDocument', () => {
  const document = { _id: 1, text: 'hello' };

  it('takes the document out of the command', () => {
    const taken = takeOnlyDocument(raw({ insert: 'c', documents: [document], ordered: true }), null);
    expect(deserialize(taken!.document)).toEqual(document);
    expect(deserialize(taken!.body)).toEqual({ insert: 'c', ordered: true });
  });

  it('takes the document that came beside the command', () => {
    const taken = takeOnlyDocument(raw({ insert: 'c' }), raw(document));
    expect(deserialize(taken!.document)).toEqual(document);
  });

  it.each([
    ['two documents', raw({ insert: 'c', documents: [document, document] }), null],
    ['no document', raw({ insert: 'c', documents: [] }), null],
    ['something that is no document', raw({ insert: 'c', documents: [5] }), null],
    ['two documents beside it', raw({ insert: 'c' }), Buffer.concat([raw(document), raw(document)])],
  ])('leaves a command with %s alone', (_name, command, beside) => {
    expect(takeOnlyDocument(command, beside)).toBeNull();
  });
});

describe('splitDocuments', () => {
  it('cuts where the documents end', () => {
    const documents = [{ a: 1 }, { b: 'x' }, {}];
    expect(splitDocuments(Buffer.concat(documents.map(raw))).map((each) => deserialize(each))).toEqual(documents);
  });
});
