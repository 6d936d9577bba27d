import { Preconditions } from './preconditions';

const outcome = (check: () => void): string => {
  try {
    check();
    return 'goes on';
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const ifMatch = (header: string, version: number | null) =>
  outcome(() => Preconditions.of(header, undefined).require(version));
const ifNoneMatch = (header: string, version: number | null) =>
  outcome(() => Preconditions.of(undefined, header).require(version));

describe('If-Match of a write', () => {
  it.each([
    '*',
    ' * ',
    '"3-abc"',
    'W/"3-abc"',
    '"3"',
    '"3-"',
    '"1-x", "3-y"',
    '"a,b" ,W/"3-c"',
    ',, "3-x" ,,',
    '\t"x"\t,"3"',
  ])('%j names version 3', (header) => expect(ifMatch(header, 3)).toBe('goes on'));

  it.each([
    '"2-abc"',
    '"30-abc"',
    '"x3"',
    '"3x"',
    '"03-x"',
    '""',
    '"-3"',
    '"3.0"',
    `"${'3'.repeat(20)}"`,
    '"another", "service\'s"',
  ])('%j does not', (header) => expect(ifMatch(header, 3)).toBe('stale_version'));

  it('never names what is not there, nor what has no versions', () => {
    for (const header of ['*', '"0-x"', '"-1"']) expect(ifMatch(header, null)).toBe('stale_version');
    const unversioned = (header: string, exists: boolean) =>
      outcome(() => Preconditions.of(header, undefined).requireUnversioned(exists));
    expect([unversioned('*', true), unversioned('*', false)]).toEqual(['goes on', 'stale_version']);
    expect([unversioned('"0-x"', true), unversioned('"-1"', true)]).toEqual(['stale_version', 'stale_version']);
  });
});

describe('If-None-Match of a write', () => {
  it('creates only, with *', () => {
    expect([ifNoneMatch('*', null), ifNoneMatch('*', 0)]).toEqual(['goes on', 'already_exists']);
  });

  it('with tags refuses the versions that they name', () => {
    expect([ifNoneMatch('"1-x", "2-y"', 2), ifNoneMatch('"1-x"', 2), ifNoneMatch('"1-x"', null)]).toEqual([
      'already_exists',
      'goes on',
      'goes on',
    ]);
  });
});

describe('Conditions on what cannot be told to exist', () => {
  it('pass only if they hold either way', () => {
    const unknown = (...headers: Parameters<typeof Preconditions.of>) =>
      outcome(() => Preconditions.of(...headers).requireUnknown());
    expect(unknown('*', undefined)).toBe('goes on');
    expect(unknown('"1-x"', undefined)).toBe('stale_version');
    expect(unknown(undefined, '"1-x"')).toBe('goes on');
    expect(unknown(undefined, '*')).toBe('already_exists');
  });
});

describe('If-None-Match of a reader', () => {
  const hasSeen = (header: string) => Preconditions.of(undefined, header).hasSeen('"3-abc"');

  it.each(['*', '"3-abc"', 'W/"3-abc"', '"x","3-abc"'])('%j is the whole answer', (header) =>
    expect(hasSeen(header)).toBe(true),
  );

  it.each(['"3"', '"3-abd"', '"3-ab"', '"4-abc"'])('%j is another one', (header) =>
    expect(hasSeen(header)).toBe(false),
  );

  it('without the header has seen nothing', () => expect(Preconditions.NONE.hasSeen('"3-abc"')).toBe(false));
});

describe('A malformed header', () => {
  const headers = [
    '',
    ' ',
    ',',
    '3',
    '"3',
    '3"',
    'w/"3"',
    'W/ "3"',
    '"3" "4"',
    '"3";',
    '*, "3"',
    '"3", *',
    '**',
    '"a b"',
    '"3"x',
  ];

  it.each(headers)('%j is a 400, whichever it is', (header) => {
    expect(outcome(() => Preconditions.of(header, undefined))).toBe('invalid_if_match');
    expect(outcome(() => Preconditions.of(undefined, header))).toBe('invalid_if_none_match');
  });

  it('is found in linear time', () => {
    const time = (length: number) => {
      const began = performance.now();
      for (const junk of [
        ' '.repeat(length) + 'x',
        ','.repeat(length) + 'x',
        '"x",'.repeat(length / 4) + 'x',
        `"${'x'.repeat(length)}`,
      ]) {
        outcome(() => Preconditions.of(junk, undefined));
      }
      return performance.now() - began;
    };
    time(1_000);
    // Quadratic, it would be some seconds; the best of three is no busy machine's.
    expect(Math.min(time(64_000), time(64_000), time(64_000))).toBeLessThan(500);
  });
});
