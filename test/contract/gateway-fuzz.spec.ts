import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patient } from '#caas/testing';
import { removeDataDir, startEngines, type Engines } from '../../tools/stack';
import { GatewayFuzz } from '../fuzz-gateway/gateway-fuzz';

const COMMANDS = 1_500;
const MOST_MS = 12_000;
/** Always the same here, so that a run of all tests fails for a change of its own. `npm run fuzz:gateway` takes a new one each time. */
const SEED = Number(process.env.FUZZ_SEED ?? 12);

/** The short form of `npm run fuzz:gateway`, on an engine of its own: what it is about may end the engine. */
describe('Whatever a client of the gateway sends', () => {
  let dataDir: string;
  let engines: Engines;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'caas-gateway-fuzz-'));
    engines = await startEngines({
      dataDir,
      redisUrl: 'redis://not-needed',
      durable: false,
      progress: () => undefined,
    });
  });
  afterAll(async () => {
    await engines?.stop();
    await removeDataDir(dataDir);
  });

  it(
    'is answered as a MongoDB answers, and ends neither the engine nor the gateway',
    async () => {
      process.stdout.write(`FUZZ_SEED=${SEED} npm run fuzz:gateway -- ${COMMANDS}\n`);
      const report = await GatewayFuzz.run(engines.postgresUri!, { seed: SEED, commands: COMMANDS, mostMs: MOST_MS });
      process.stdout.write(`${report.text()}\n`);
      expect(report.findings.map(({ what }) => what)).toEqual([]);
    },
    patient(10 * MOST_MS),
  );
});
