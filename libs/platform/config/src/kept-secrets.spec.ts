import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readSection } from './config-section';
import { operatorKeysOf, PLATFORM_KEY_FILE, secretsOf } from './kept-secrets';
import { operatorsConfig } from './operators.config';
import { runtimeConfig } from './runtime.config';

const runtime = (environment: Record<string, string>) => readSection(runtimeConfig, environment);
const all = (environment: Record<string, string>) => ({
  secrets: secretsOf(runtime(environment)),
  keys: operatorKeysOf(runtime(environment), readSection(operatorsConfig, environment)),
});

describe('the secrets of a process', () => {
  let DATA_DIR: string;
  beforeEach(() => (DATA_DIR = mkdtempSync(join(tmpdir(), 'caas-secrets-'))));
  afterEach(() => rmSync(DATA_DIR, { recursive: true }));

  it('are made once, kept for their owner only, and found again', () => {
    const first = all({ DATA_DIR: join(DATA_DIR, 'new') });
    expect(first.keys.admin).toHaveLength(43);
    expect(first.secrets.secretsKey).toHaveLength(43);
    expect(first.keys.readonly).toBeNull();
    expect(all({ DATA_DIR: join(DATA_DIR, 'new') })).toEqual(first);
    const files = readdirSync(join(DATA_DIR, 'new'));
    expect(files.sort()).toEqual([PLATFORM_KEY_FILE, 'secrets-key']);
    for (const file of files) expect(statSync(join(DATA_DIR, 'new', file)).mode & 0o777).toBe(0o600);
  });

  it('are the same for all that start at once', async () => {
    // Threads that wait for each other, then run what kept-secrets.ts does, compiled as the test itself is.
    const source = join(__dirname, 'kept-secrets.ts');
    const { transformSync } = await import('@swc/core');
    const code = transformSync(readFileSync(source, 'utf8'), {
      filename: source,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
      module: { type: 'commonjs' },
    }).code.replace(/require\("\.\/config-section"\)/, '{ ConfigurationError: Error }');
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const script = `const { workerData, parentPort } = require('node:worker_threads');
      const module_ = { exports: {} };
      new Function('exports', 'require', workerData.code)(module_.exports, require);
      Atomics.wait(workerData.gate, 0, 0);
      const s = module_.exports.secretsOf({ DATA_DIR: workerData.dir, SECRETS_KEY: null, SECRETS_KEY_PREVIOUS: null });
      const k = module_.exports.operatorKeysOf({ DATA_DIR: workerData.dir }, { PLATFORM_ADMIN_KEY: null });
      parentPort.postMessage(k.admin + s.secretsKey);`;
    const workers = Array.from(
      { length: 6 },
      () => new Worker(script, { eval: true, workerData: { code, gate, dir: DATA_DIR } }),
    );
    const answers = workers.map(
      (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
    );
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('online', resolve))));
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    expect(new Set(await Promise.all(answers)).size).toBe(1);
  });

  it('come from the environment when they are there', () => {
    const { secrets, keys } = all({
      DATA_DIR,
      PLATFORM_ADMIN_KEY: 'a'.repeat(16),
      PLATFORM_READONLY_KEY: 'b'.repeat(16),
      SECRETS_KEY: 'ab'.repeat(32),
    });
    expect(keys).toEqual({ admin: 'a'.repeat(16), readonly: 'b'.repeat(16) });
    expect(secrets.secretsKey).toBe('ab'.repeat(32));
    expect(readdirSync(DATA_DIR)).toEqual([]);
  });

  it('are not taken from an empty file', () => {
    writeFileSync(join(DATA_DIR, PLATFORM_KEY_FILE), '');
    expect(() => all({ DATA_DIR })).toThrow(/platform-admin-key holds no key/);
  });

  it('must be given in production', () => {
    const environment = { NODE_ENV: 'production', MONGODB_URI: 'x' };
    expect(() => runtime(environment)).toThrow(/MONGODB_URI.*\n.*SECRETS_KEY is not set/);
    expect(() => readSection(operatorsConfig, environment)).toThrow(/PLATFORM_ADMIN_KEY is not set/);
  });
});
