/**
 * `npm run soak [-- --seconds 120] [-- --sockets 200]`: two apis and a worker under mixed traffic of a
 * tenant of each tier, whose members come and go, while the apis are killed
 * with -9 and Redis is restarted, once without what it had written. Ends with 1 when anything that was acknowledged is lost,
 * doubled, out of order or miscounted, or a client knows other than the server.
 */
import { parseArgs } from 'node:util';
import { whenAskedToEnd } from '../../tools/stack/ending';
import { report } from './report';
import { soak } from './run';

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, sockets: { type: 'string' } } });
  const [seconds, sockets] = [Number(values.seconds ?? 120), Number(values.sockets ?? 200)];
  if (!(seconds >= 10) || !(sockets >= 10)) throw new Error('--seconds and --sockets take a number from 10');
  const signal = whenAskedToEnd().asked;
  const startedAt = Date.now();
  const say = (line: string) =>
    console.log(`soak: ${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  try {
    const result = await soak({ seconds, sockets, signal, say });
    console.log(report(result));
    return result.checks.every(({ faults }) => faults.length === 0) ? 0 : 1;
  } catch (error) {
    console.error(signal.aborted ? 'soak: ended early' : error);
    return 1;
  }
}

void main().then((code) => process.exit(code));
