import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insertProbe, readProbe } from '../faults/stack.probe';
import { removeDataDir, startEngines, startStack, type Engines, type Stack } from '../../tools/stack';
import { repositoryRoot } from '../../tools/stack/repository';
import type { Reached } from '../support/stranger';

const folders: string[] = [];
const folder = () => folders[folders.push(mkdtempSync(join(tmpdir(), 'caas-stack-'))) - 1] as string;
afterAll(() => Promise.all(folders.map(removeDataDir)));

describe('startEngines', () => {
  const [here, there] = [folder(), folder()];
  let one: Engines;
  let two: Engines;
  beforeAll(async () => {
    [one, two] = await Promise.all([startEngines({ dataDir: here }), startEngines({ dataDir: there, durable: false })]);
  });
  afterAll(() => Promise.all([one?.stop(), two?.stop()]));

  it('runs several side by side from one root, each with its own data, which it finds again', async () => {
    expect(one.postgresUri).not.toBe(two.postgresUri);
    const [ours, theirs] = [await insertProbe(one), await insertProbe(two)];
    await expect(readProbe(one, ours)).resolves.toEqual(ours);
    await expect(readProbe(two, theirs)).resolves.toEqual(theirs);
    await expect(readProbe(one, theirs)).resolves.not.toEqual(theirs);
    const { mongodbUri } = one;
    await one.stop();

    one = await startEngines({ dataDir: here });
    await expect(readProbe(one, ours)).resolves.toEqual(ours);
    expect(one.mongodbUri).toBe(mongodbUri);
    await one.stop();

    // As a folder of an earlier version, in which nobody was asked for a password.
    rmSync(join(here, 'postgres-password'));
    one = await startEngines({ dataDir: here });
    await expect(readProbe(one, ours)).resolves.toEqual(ours);
  });

  it('lends a data folder to one at a time', async () => {
    await expect(startEngines({ dataDir: here })).rejects.toThrow(/already runs on/);
    await one.stop();
    one = await startEngines({ dataDir: here });
  });

  it('starts nothing for what is given', async () => {
    const given = { mongodbUri: 'mongodb://elsewhere/', redisUrl: 'redis://elsewhere/' };
    const engines = await startEngines({ dataDir: folder(), ...given });
    expect(engines).toMatchObject({ ...given, processes: {} });
    await engines.stop();
  });
});

describe('startStack', () => {
  it('runs two apis and a worker on engines of their own, says where, and recovers from a crash', async () => {
    const dataDir = folder();
    const stack = await startStack({ dataDir, apiProcesses: 2, durable: false, env: { LOG_LEVEL: 'warn' } });
    const file = join(dataDir, 'stack.json');
    try {
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
        api_urls: stack.apiUrls,
        mongodb_uri: stack.mongodbUri,
        redis_url: stack.redisUrl,
        platform_key_file: stack.platformKeyFile,
        metrics_urls: stack.metricsUrls,
        pids: stack.pids,
      });
      const [first, second] = stack.apiUrls.map((url) => Number(new URL(url).port));
      expect(second).toBe((first as number) + 1);

      expectClosedToOthers(stack);

      const before = stack.pids;
      await stack.kill9('api', 1);
      await stack.kill9('worker');
      await stack.ready();
      expect(stack.pids.api[0]).toBe(before.api[0]);
      expect(stack.pids.api[1]).not.toBe(before.api[1]);
      expect(stack.pids.worker[0]).not.toBe(before.worker[0]);
      const answers = await Promise.all(stack.apiUrls.map((url) => tenants(url, stack.platformKey)));
      expect(answers).toEqual([200, 200]);
    } finally {
      await stack.stop();
    }
    expect(existsSync(file)).toBe(false);
  });
});

/** What another user of the machine gets of it: nothing. */
function expectClosedToOthers(stack: Stack): void {
  for (const path of readdirSync(stack.dataDir, { recursive: true, encoding: 'utf8' })) {
    // Of PostgreSQL's own folder only the way to it is ours.
    if (path.startsWith('postgres/cluster/')) continue;
    const stats = statSync(join(stack.dataDir, path), { throwIfNoEntry: false });
    if (stats) expect([path, stats.mode & 0o077]).toEqual([path, 0]);
  }
  if (process.getuid?.() !== 0) return console.info('not tried as another user: that takes root');
  const { api, worker, ...others } = stack.pids;
  const password = (file: string) => readFileSync(join(stack.dataDir, file), 'utf8').trim();
  const target = {
    dataDir: stack.dataDir,
    paths: readdirSync(stack.dataDir).map((name) => join(stack.dataDir, name)),
    pids: [...api, ...worker, ...Object.values(others)].filter((pid) => pid !== null),
    passwords: ['postgres-password', 'mongodb-password', 'redis-password', 'platform-admin-key', 'secrets-key'].map(
      password,
    ),
    ports: JSON.parse(password('ports.json')) as object,
  };
  const script = join(repositoryRoot(), 'dist/test/support/stranger.js');
  const reached = JSON.parse(
    execFileSync(process.execPath, [script], { input: JSON.stringify(target), encoding: 'utf8' }),
  ) as Reached;
  expect(reached).toEqual({
    folders: [],
    files: [],
    environments: [],
    commandLines: [],
    postgres: expect.stringContaining('password authentication failed') as string,
    redis: expect.stringContaining('NOAUTH') as string,
    mongodb: expect.stringMatching(/requires authentication|Unauthorized/i) as string,
  });
}

async function tenants(url: string, platformKey: string): Promise<number> {
  const headers = { authorization: `Bearer ${platformKey}` };
  return (await fetch(`${url}/platform/v1/tenants`, { headers })).status;
}
