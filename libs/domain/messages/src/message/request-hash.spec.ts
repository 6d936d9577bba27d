import { requestHash } from './request-hash';

describe('requestHash', () => {
  it('is the same whatever the order of fields, at every depth', () => {
    expect(requestHash({ a: 1, b: { c: [1, { d: 2, e: 3 }], f: null } })).toBe(
      requestHash({ b: { f: null, c: [1, { e: 3, d: 2 }] }, a: 1 }),
    );
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: {} }, { a: [] }],
    [{ a: { b: 1 } }, { a: ['b', 1] }],
    [
      { a: 'x', b: 'y' },
      { a: 'xb', y: '' },
    ],
  ])('differs for %j and %j', (one, another) => {
    expect(requestHash(one)).not.toBe(requestHash(another));
  });

  it('takes a field that is undefined for absent', () => {
    expect(requestHash({ a: 1, b: undefined })).toBe(requestHash({ a: 1 }));
  });
});
