import { TEXT } from '../../support/fixture';
import { startServer } from '../../support/servers';
import { median } from '../../support/statistics';
import type { Bench } from '../bench';
import type { Talked } from '../clients';
import { CrowdProcess } from '../crowd';
import { Population } from '../population';

const LIMIT_PER_SECOND = 50;
const FLOOD_PER_SECOND = 100 * LIMIT_PER_SECOND;
const MEMBERS = 20;
const SECONDS = 6;
const ROUNDS = 5;

/** A tenant that tries to send a hundred times as much as it may, beside one that sends what people send. */
export async function flood(bench: Bench): Promise<void> {
  const { table, engines, env, platformKey } = bench;
  table.heading(`A tenant sends ${FLOOD_PER_SECOND} messages a second and may ${LIMIT_PER_SECOND}; another sends 25`);
  const limit = { TENANT_SENDS_PER_SECOND: String(LIMIT_PER_SECOND) };
  const api = await startServer('apps/api/src/main.js', { ...env, ...limit });
  const crowdOf = async () => {
    const population = await Population.found(api.url, platformKey);
    const people = await population.people('member', MEMBERS);
    const conversationId = await population.room(people);
    const seats = people.map(({ token }) => ({ token, conversationId }));
    return CrowdProcess.seat({ url: api.url, seats }, [api.pid, ...engines.pids]);
  };
  const [flooding, quiet] = [await crowdOf(), await crowdOf()];
  try {
    const calm = { seconds: SECONDS, senders: MEMBERS, perSecond: 25, text: TEXT };
    const storm = { ...calm, seconds: SECONDS + 1, perSecond: FLOOD_PER_SECOND, mayBeRefused: true };
    await quiet.talk(calm);
    const alone: Talked[] = [];
    const beside: Talked[] = [];
    let attempts = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      alone.push(await quiet.talk(calm));
      const [flooded, talked] = await Promise.all([flooding.talk(storm), quiet.talk(calm)]);
      beside.push(talked);
      attempts += (flooded.accepted + flooded.refused) / flooded.seconds / ROUNDS;
    }
    const at = (talks: Talked[], which: 'p95' | 'p99') => median(talks.map(({ acknowledged }) => acknowledged[which]));
    const shown = (talks: Talked[]) => `p95 ${at(talks, 'p95').toFixed(1)} p99 ${at(talks, 'p99').toFixed(1)} ms`;
    table.note(`${attempts.toFixed(0)} attempts/s; the other alone ${shown(alone)}, beside it ${shown(beside)}`);
    table.add({
      what: 'its p95 beside the flood, of its own',
      figure: at(beside, 'p95') / at(alone, 'p95'),
      goal: 1.1,
      atMost: true,
    });
    table.add({
      what: 'its p99 beside the flood, of its own',
      figure: at(beside, 'p99') / at(alone, 'p99'),
      goal: 2,
      atMost: true,
    });
  } finally {
    for (const crowd of [flooding, quiet]) await crowd.close();
    await api.stop();
  }
}
