import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patient, sharedSystem, waitFor } from '#caas/testing';
import { Fuzz } from '../support/fuzz/fuzz';
import type { HeldMoment } from '../support/loop-probe';

/** `npm run fuzz` asks for more. */
const { FUZZ_CALLS, FUZZ_SEED } = process.env;
const SHORT_MS = 30_000;
const LONG_MS = 60 * 60_000;
const SHORT_CALLS = 600;

/** The worst moments of an api's event loop, when `loop-probe` is loaded into it. */
function heldMoments(dataDir: string, pid: number): string[] {
  const file = join(dataDir, `loop-${pid}.json`);
  if (!existsSync(file)) return [];
  const moments = JSON.parse(readFileSync(file, 'utf8')) as HeldMoment[];
  return moments.map(
    ({ cpuMs, lateMs, requests }) => `  ${cpuMs.toFixed(0)} ms (${lateMs.toFixed(0)} late) ${requests.join(', ')}`,
  );
}

describe('Whatever a client sends', () => {
  const system = sharedSystem();
  const seed = FUZZ_SEED === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(FUZZ_SEED);

  it(
    'is answered: no mistake of theirs is one of ours, and every refusal has a code',
    async () => {
      const calls = Number(FUZZ_CALLS ?? SHORT_CALLS);
      process.stderr.write(`FUZZ_SEED=${seed} FUZZ_CALLS=${calls}\n`);
      const report = await Fuzz.run(system, { seed, calls, mostMs: FUZZ_CALLS === undefined ? SHORT_MS : LONG_MS });
      process.stderr.write(`${report.text()}\n`);
      const held = heldMoments(system.dataDir, system.pids[0]!);
      if (held.length > 0)
        process.stderr.write(`most of the processor between two ticks of 5 ms:\n${held.join('\n')}\n`);
      expect({ seed, failures: report.failures }).toEqual({ seed, failures: [] });

      for (const url of system.urls) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      // The worker lives as long as files become ready.
      const tenant = await system.tenant('free');
      await tenant.users('anna');
      const form = new FormData();
      form.append('file', new Blob(['text'], { type: 'text/plain' }), 'text.txt');
      const { id } = (await (await tenant.as('anna').raw('POST', '/v1/files', {}, form)).json()) as { id: string };
      const isReady = async () => (await tenant.as('anna').get(`/v1/files/${id}`)).body.status === 'ready';
      await waitFor('a file is ready', 60_000, isReady);
    },
    patient(FUZZ_CALLS === undefined ? 4 * SHORT_MS : LONG_MS + 60_000),
  );
});
