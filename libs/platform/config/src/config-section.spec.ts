import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSection, readSections } from './config-section';
import { choice, flag, integer, optional, port, secret, text, url } from './entries';
import { PLATFORM_KEY_FILE, secretsOf } from './kept-secrets';
import { runtimeConfig } from './runtime.config';

const section = configSection('example', {
  HOST: text({ default: '127.0.0.1', doc: 'where' }),
  PORT: port({ default: 3000, doc: 'which' }),
  LIMIT: integer({ default: 5, min: 1, max: 10, doc: 'how many' }),
  LOUD: flag({ default: false, doc: 'noise' }),
  MODE: choice(['a', 'b'], { default: 'a', doc: 'one of two' }),
  TARGET: url(['redis'], { doc: 'the target' }),
  KEY: optional(secret({ minLength: 8, doc: 'a secret' })),
});
const read = (environment: Record<string, string>) => readSections([section as never], environment).get('example');

describe('readSections', () => {
  it('fills in defaults and reads what is given', () => {
    expect(read({ TARGET: 'redis://x', PORT: '0', LOUD: 'yes', HOST: '' })).toEqual({
      HOST: '127.0.0.1',
      PORT: 0,
      LIMIT: 5,
      LOUD: true,
      MODE: 'a',
      TARGET: 'redis://x',
      KEY: null,
    });
  });

  it('names every problem at once, and no secret', () => {
    const environment = { PORT: '70000', LIMIT: 'many', LOUD: 'maybe', MODE: 'c', KEY: 'hushhus' };
    let message = '';
    try {
      read(environment);
    } catch (error) {
      message = (error as Error).message;
    }
    for (const name of ['PORT', 'LIMIT', 'LOUD', 'MODE', 'TARGET', 'KEY']) expect(message).toContain(name);
    expect(message).toContain('6 problems');
    expect(message).not.toContain('hushhus');
  });
});

describe('the secrets of a process', () => {
  const runtime = (environment: Record<string, string>) =>
    readSections([runtimeConfig as never], environment).get('runtime') as never;

  it('are made once, kept for their owner only, and found again', () => {
    const DATA_DIR = mkdtempSync(join(tmpdir(), 'caas-secrets-'));
    const first = secretsOf(runtime({ DATA_DIR }));
    expect(first.platformAdminKey).toHaveLength(43);
    expect(secretsOf(runtime({ DATA_DIR }))).toEqual(first);
    expect(statSync(join(DATA_DIR, PLATFORM_KEY_FILE)).mode & 0o777).toBe(0o600);
  });

  it('must be given in production', () => {
    expect(() => runtime({ NODE_ENV: 'production' })).toThrow(/PLATFORM_ADMIN_KEY.*\n.*SECRETS_KEY/);
  });
});
