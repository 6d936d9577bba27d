import { configSection, readSection, readSections } from './config-section';
import { choice, duration, flag, integer, optional, port, secret, text, url } from './entries';
import { configurationTable } from './table';

const section = configSection('example', {
  HOST: text({ default: '127.0.0.1', doc: 'where' }),
  PORT: port({ default: 3000, doc: 'which' }),
  LIMIT: integer({ default: 5, min: 1, max: 10, doc: 'how many' }),
  WAIT: duration({ default: '5s', doc: 'how long' }),
  LOUD: flag({ default: false, doc: 'noise, yes|no' }),
  MODE: choice(['a', 'b'], { default: 'a', doc: 'one of two' }),
  TARGET: url(['redis'], { doc: 'the target' }),
  KEY: optional(secret({ minLength: 8, doc: 'a secret' })),
});
const read = (environment: Record<string, string>) => readSection(section, environment);
const problemsOf = (environment: Record<string, string>): string => {
  try {
    read(environment);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the environment was taken');
};

describe('readSections', () => {
  it('fills in defaults and reads what is given', () => {
    expect(read({ TARGET: 'redis://x', PORT: '0', LOUD: 'yes', HOST: '', WAIT: '2m' })).toEqual({
      HOST: '127.0.0.1',
      PORT: 0,
      LIMIT: 5,
      WAIT: 120_000,
      LOUD: true,
      MODE: 'a',
      TARGET: 'redis://x',
      KEY: null,
    });
    expect(read({ TARGET: 'redis://x' }).WAIT).toBe(5000);
  });

  it('names every problem at once, and no secret', () => {
    const message = problemsOf({
      PORT: '70000',
      LIMIT: 'many',
      WAIT: '5 minutes',
      LOUD: 'maybe',
      MODE: 'c',
      KEY: 'hushhus',
    });
    for (const name of ['PORT', 'LIMIT', 'WAIT', 'LOUD', 'MODE', 'TARGET', 'KEY']) {
      expect(message).toContain(`${name} `);
    }
    expect(message).toContain('7 problems');
    expect(message).not.toContain('hush');
  });

  it('shows no password of a URL', () => {
    expect(problemsOf({ TARGET: 'http://user:hush@host/' })).toBe(
      'The configuration has a problem:\n  TARGET must be a URL that begins with redis://',
    );
    expect(problemsOf({ TARGET: 'http://host/' })).toContain('not "http://host/"');
  });

  it('refuses two sections of one name', () => {
    expect(() => readSections([section, section], { TARGET: 'redis://x' })).toThrow(/named "example"/);
  });

  it('asks what no entry can say alone, once the entries are sound', () => {
    const pair = configSection(
      'pair',
      { LOW: integer({ default: 1, min: 0, max: 9, doc: '' }), HIGH: integer({ default: 2, min: 0, max: 9, doc: '' }) },
      ({ LOW, HIGH }) => (LOW > HIGH ? ['LOW must not be above HIGH'] : []),
    );
    expect(() => readSection(pair, { LOW: '3' })).toThrow(/LOW must not be above HIGH/);
    expect(() => readSection(pair, { LOW: 'x' })).toThrow(/^The configuration has a problem:\n {2}LOW must be a whole/);
  });
});

describe('configurationTable', () => {
  it('has one row for each variable', () => {
    const table = configurationTable([section]).split('\n');
    expect(table).toHaveLength(2 + 8);
    expect(table).toContain('| `WAIT` | `5s` | how long |');
    expect(table).toContain('| `LOUD` | `false` | noise, yes\\|no |');
    expect(table).toContain('| `KEY` |  | a secret |');
  });
});
