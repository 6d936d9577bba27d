import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insertProbe, readProbe } from '../faults/stack.probe';
import { removeDataDir, startEngines, startStack, type Engines } from '../../tools/stack';

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
    expect(one.postgres).not.toBe(two.postgres);
    const [ours, theirs] = [await insertProbe(one), await insertProbe(two)];
    await expect(readProbe(one, ours)).resolves.toEqual(ours);
    await expect(readProbe(two, theirs)).resolves.toEqual(theirs);
    await expect(readProbe(one, theirs)).resolves.not.toEqual(theirs);
    const { mongodbUri } = one;
    await one.stop();

    one = await startEngines({ dataDir: here });
    await expect(readProbe(one, ours)).resolves.toEqual(ours);
    expect(one.mongodbUri).toBe(mongodbUri);
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
        pids: stack.pids,
      });
      const [first, second] = stack.apiUrls.map((url) => Number(new URL(url).port));
      expect(second).toBe((first as number) + 1);

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

async function tenants(url: string, platformKey: string): Promise<number> {
  const headers = { authorization: `Bearer ${platformKey}` };
  return (await fetch(`${url}/platform/v1/tenants`, { headers })).status;
}
