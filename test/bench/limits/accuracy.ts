import { Agent, request } from 'node:http';
import { Population } from '../support/population';
import type { LimitsBench } from './bench';

const CALLERS_EACH = 16;
/** Admitted, and then refused before anything is read: so that the callers are never kept from asking by what they get. */
const PATH = '/v1/users?limit=0';
const TOLERANCE = 0.05;
/** Ends just before the next window would begin. */
const SHORT_OF_A_WINDOW_MS = 200;

interface Trial {
  perMinute: number;
  windowSeconds: number;
  windows: number;
  by: 'user' | 'tenant';
}

const TRIALS: Trial[] = [
  { perMinute: 120, windowSeconds: 60, windows: 1, by: 'user' },
  { perMinute: 600, windowSeconds: 10, windows: 2, by: 'user' },
  { perMinute: 3_000, windowSeconds: 1, windows: 15, by: 'user' },
  { perMinute: 12_000, windowSeconds: 1, windows: 15, by: 'tenant' },
  { perMinute: 30_000, windowSeconds: 1, windows: 15, by: 'tenant' },
];

/** Two apis that share the rates of one tenant, each called as fast as it answers. */
export async function accuracy({ table, platformKey, start }: LimitsBench): Promise<void> {
  table.heading('Two apis together, overloaded all the time: admitted of what is configured');
  const apis = [await start(), await start()];
  for (const { perMinute, windowSeconds, windows, by } of TRIALS) {
    const limits = { [by === 'user' ? 'user_reads_per_minute' : 'reads_per_minute']: perMinute };
    const population = await Population.found(apis[0]!.url, platformKey, { tier: 'pro', limits });
    const [person] = await population.people('caller', 1);
    const token = by === 'user' ? person!.token : population.key;
    const forMs = 1000 * windowSeconds * windows - SHORT_OF_A_WINDOW_MS;
    const answers = await Promise.all(apis.map(({ url }) => overload(`${url}${PATH}`, token, forMs)));
    const [admitted, refused] = [0, 1].map((at) => answers.reduce((sum, each) => sum + each[at]!, 0)) as [
      number,
      number,
    ];
    const configured = (perMinute / 60) * windowSeconds * windows;
    const offered = (admitted + refused) / (forMs / 1000);
    table.note(
      `${perMinute}/min of a ${by}, ${windows} × ${windowSeconds} s: ${admitted} of ${configured} ` +
        `(${answers.map(([each]) => each).join(' + ')}); offered ${offered.toFixed(0)}/s`,
    );
    if (offered < (1.5 * perMinute) / 60) throw new Error('That was no overload.');
    const error = Math.abs(admitted / configured - 1);
    table.add({
      what: `admitted ${(admitted / configured).toFixed(3)} of ${perMinute}/min, off by`,
      figure: error,
      goal: TOLERANCE,
      atMost: true,
      digits: 3,
    });
  }
}

/** @returns how many were admitted, and how many refused */
async function overload(url: string, token: string, forMs: number): Promise<[admitted: number, refused: number]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS_EACH });
  const until = performance.now() + forMs;
  let [admitted, refused] = [0, 0];
  const caller = async () => {
    while (performance.now() < until) {
      const status = await statusOf(url, token, agent);
      if (status === 400) admitted += 1;
      else if (status === 429) refused += 1;
      else throw new Error(`${url} answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CALLERS_EACH }, caller));
  agent.destroy();
  return [admitted, refused];
}

function statusOf(url: string, token: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode!));
    });
    sent.once('error', reject);
    sent.end();
  });
}
