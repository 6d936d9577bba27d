import { patient } from '#caas/testing';
import { GatewayFuzz } from '../fuzz-gateway/gateway-fuzz';
import { describeGateway } from './gateway.support';

const { FUZZ_SEED } = process.env;
const COMMANDS = 1_500;
const MOST_MS = 12_000;

/** `npm run fuzz:gateway` sends more of them, and makes what it finds smaller. */
describeGateway('Whatever a client of the gateway sends', (postgres) => {
  const seed = FUZZ_SEED === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(FUZZ_SEED);

  it(
    'is answered as a MongoDB answers, and ends neither the engine nor the gateway',
    async () => {
      process.stderr.write(`FUZZ_SEED=${seed} npm run fuzz:gateway -- ${COMMANDS}\n`);
      const report = await GatewayFuzz.run(postgres, { seed, commands: COMMANDS, mostMs: MOST_MS });
      process.stderr.write(`${report.text()}\n`);
      expect({ seed, findings: report.findings.map(({ what }) => what) }).toEqual({ seed, findings: [] });
    },
    patient(10 * MOST_MS),
  );
});
