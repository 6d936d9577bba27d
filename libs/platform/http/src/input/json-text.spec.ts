import fc from 'fast-check';
import { problemsOfJson } from './json-text';
import { isFieldName, textProblem } from './well-formed';

const fieldsOf = (text: string, part?: Parameters<typeof problemsOfJson>[1]) => {
  const problems = problemsOfJson(text, part);
  return problems.isEmpty ? [] : problems.refusal().fields.map(({ field }) => field);
};

describe('a JSON text', () => {
  it.each([
    ['__proto__', '{"a":{"__proto__":1}}', ['a']],
    ['an escaped __proto__', '{"\\u005f_proto__":1}', ['__proto__']],
    ['_bsontype', '{"metadata":{"x":[1,{"_bsontype":"ObjectId"}]}}', ['metadata.x.1']],
    ['an operator', '{"name":{"$ne":null}}', ['name']],
    ['an escaped operator', '{"\\u0024where":1}', ['$where']],
    ['half a surrogate pair', '{"text":"a\\ud83d"}', ['text']],
    ['the other half', '["x","\\uDE00\\ud83d"]', ['1']],
    ['half a pair in a name', '{"a\\ud83d":1}', ['a\ufffd']],
    ['half a pair in a name within', '{"metadata":{"a\\ud83d":1}}', ['metadata']],
    ['NUL', '{"text":"a\\u0000"}', ['text']],
    ['NUL in a name', '{"a\\u0000":1}', ['a\0']],
    ['a number beyond doubles', '{"n":[1e400]}', ['n.0']],
    ['a long number beyond doubles', `{"n":-${'9'.repeat(400)}}`, ['n']],
    ['a name twice', '{"a":1,"b":{"a":1},"a":2}', ['a']],
    ['an escaped name twice', '{"b":{"a":1,"\\u0061":2}}', ['b.a']],
    ['several', '{"$a":1,"b":"\\udc00","c":1e999}', ['$a', 'b', 'c']],
    ['a text alone', '"\\ud800"', ['body']],
  ])('with %s is refused, naming the field', (_what, text, fields) => expect(fieldsOf(text)).toEqual(fields));

  it.each([
    ['constructor and prototype', '{"constructor":{"prototype":1},"toString":1}'],
    ['a whole surrogate pair', '{"text":"\\ud83d\\ude00"}'],
    ['an escaped backslash before u', '{"text":"\\\\ud83d \\\\u0000"}'],
    ['quotes and brackets in strings', '{"a":"\\"[[[[{{{{","b":"\\\\"}'],
    ['numbers of every form', '[0,-0,1.5e300,-1E-400,12345678901234567890]'],
    ['the same name in two objects', '[{"a":1},{"a":1}]'],
    ['words', '[true,false,null]'],
    ['nothing', ''],
  ])('with %s is not', (_what, text) => expect(fieldsOf(text)).toEqual([]));

  it('is named from inside its envelope', () => {
    const text = '2["message.send",{"metadata":{"$a":1}}]';
    expect(fieldsOf(text, { from: 1, outerLevels: 1 })).toEqual(['metadata']);
  });

  it('is at most 64 levels deep', () => {
    expect(fieldsOf(`${'['.repeat(64)}${']'.repeat(64)}`)).toEqual([]);
    expect(fieldsOf(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`)[0]).toMatch(/^a\.0\.0/);
  });

  it('has a bounded number of values and of names in one object', () => {
    const named = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, 1])));
    expect(fieldsOf(named(2000))).toEqual([]);
    expect(fieldsOf(named(2001))).toEqual(['body']);
    expect(fieldsOf(JSON.stringify({ ids: Array(9000).fill(0) }))).toEqual([]);
    expect(fieldsOf(JSON.stringify({ ids: Array(11_000).fill(0) }))).toEqual(['ids']);
  });

  it('has no more than 20 problems told of it', () => {
    const text = `{${Array.from({ length: 100 }, (_, i) => `"$${i}":1`).join()}}`;
    expect(fieldsOf(text)).toHaveLength(20);
  });

  it('is judged as its parsed value would be', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('__proto__', '_bsontype', '$set', 'constructor', 'a'),
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, false),
        fc.double(),
        fc.string({ unit: 'binary', maxLength: 6 }),
        fc.array(fc.constantFrom(0xd83d, 0xde00, 0, 0x61)).map((codes) => String.fromCharCode(...codes)),
        fc.array(tie('json')),
        fc.array(fc.tuple(name, tie('json')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries) as object),
      ),
    }));
    const isSound = (value: unknown): boolean => {
      if (typeof value === 'string') return textProblem(value) === null;
      if (typeof value !== 'object' || value === null) return true;
      const soundNames = Array.isArray(value) || Object.keys(value).every(isFieldName);
      return soundNames && Object.values(value).every(isSound);
    };
    fc.assert(
      fc.property(json, fc.constantFrom(0, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        return problemsOfJson(text).isEmpty === isSound(JSON.parse(text));
      }),
    );
  });

  it('that is no JSON ends the scan', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'a', '1', 'e', '-', ' ')),
        (parts) => {
          problemsOfJson(parts.join(''));
        },
      ),
    );
  });

  it('is read in time that grows as it does', () => {
    const worst = ['"\\\\', '\\"', '"a",', '{"a":', '[', '1e', '\\u0000', '"\\u0000",', ' '];
    // Counted, not timed: a scan that looks at a character twice would need minutes for these.
    for (const part of worst) problemsOfJson(part.repeat(2 ** 20));
  });
});
