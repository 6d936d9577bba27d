import { TEXT } from '../../support/fixture';
import { startServer } from '../../support/servers';
import { median } from '../../support/statistics';
import { atBare, type Bench } from '../bench';
import type { Talk, Talked } from '../clients';
import { CrowdProcess, type Measured } from '../crowd';
import { Population } from '../../support/population';

const LIMIT_PER_SECOND = 50;
const FLOOD_PER_SECOND = 100 * LIMIT_PER_SECOND;
/** The tenant's own limit stops it, and nothing before that. */
const MANY = 1_000_000;
const LIMITS = { sends_per_minute: 60 * LIMIT_PER_SECOND, user_sends_per_minute: MANY, writes_per_minute: MANY };
const MEMBERS = 20;
const SECONDS = 8;
const ROUNDS = 5;
const OFFERED_AT_LEAST = 0.97 * FLOOD_PER_SECOND;

const CALM: Talk = { seconds: SECONDS, senders: MEMBERS, perSecond: 25, text: TEXT };
/** Begins before what is measured beside it, and ends after it. */
const STORM: Talk = { ...CALM, seconds: SECONDS + 1, perSecond: FLOOD_PER_SECOND, mayBeRefused: true };
const AT_THE_LIMIT: Talk = { ...STORM, perSecond: LIMIT_PER_SECOND };

/** A tenant that tries to send a hundred times as much as it may, beside one that sends what people send. */
export async function flood(bench: Bench): Promise<void> {
  const { table, engines, env, platformKey } = bench;
  table.heading(`A tenant sends ${FLOOD_PER_SECOND} messages a second and may ${LIMIT_PER_SECOND}; another sends 25`);
  const api = await startServer('apps/api/src/main.js', { ...env, RATE_LIMITS_FACTOR: '1' });
  const crowdOf = async (idle: boolean) => {
    const limits = idle ? LIMITS : { ...LIMITS, sends_per_minute: MANY };
    const population = await Population.found(api.url, platformKey, { limits });
    const people = await population.people('member', MEMBERS);
    const conversationId = await population.room(people);
    const seats = people.map(({ token }) => ({ token, conversationId }));
    return CrowdProcess.seat({ url: api.url, seats }, { api: api.pid, ...engines.roles }, idle);
  };
  const quiet = await crowdOf(false);
  const flooding = await crowdOf(true);
  const seats = Array.from({ length: MEMBERS }, () => ({ token: '', conversationId: 'refused' }));
  const elsewhere = await atBare(bench, seats, true);
  try {
    await Promise.all([quiet.talk(CALM), flooding.talk(STORM)]);
    const rounds: Round[] = [];
    for (let at = 0; at < ROUNDS; at += 1) {
      const alone = await quiet.talk(CALM);
      rounds.push({
        alone,
        flooded: await beside(flooding, STORM, quiet),
        atLimit: await beside(flooding, AT_THE_LIMIT, quiet),
        bare: await beside(elsewhere, STORM, quiet),
      });
    }
    report(bench, rounds);
  } finally {
    for (const crowd of [flooding, quiet, elsewhere]) await crowd.close();
    await api.stop();
  }
}

interface Beside {
  measured: Talked;
  /** What the neighbour did meanwhile. */
  neighbour: Measured;
}

interface Round {
  alone: Talked;
  flooded: Beside;
  atLimit: Beside;
  bare: Beside;
}

async function beside(crowd: CrowdProcess, talk: Talk, quiet: CrowdProcess): Promise<Beside> {
  const [neighbour, measured] = await Promise.all([crowd.talk(talk), quiet.talk(CALM)]);
  return { measured, neighbour };
}

function report({ table }: Bench, rounds: Round[]): void {
  const of = (which: 'flooded' | 'atLimit' | 'bare') => rounds.map((round) => round[which]);
  const alone = rounds.map((round) => round.alone);
  const flooded = of('flooded').map(({ measured }) => measured);
  table.note(`the other alone: ${shown(alone)}`);
  table.note(`beside the flood: ${shown(flooded)}; ${offered(of('flooded'))}`);
  table.note(
    `beside the same tenant at its limit, without excess: ${shown(of('atLimit').map((each) => each.measured))}`,
  );
  table.note(
    `beside the same flood at a bare socket.io that refuses all of it: ` +
      `${shown(of('bare').map((each) => each.measured))}; ${offered(of('bare'))}`,
  );
  table.note(
    'the clients that flood stand for a machine of their own: they run while nothing else wants to (SCHED_IDLE)',
  );
  for (const [which, goal] of [
    ['p95', 1.1],
    ['p99', 2],
  ] as const) {
    const figure = at(flooded, which) / at(alone, which);
    table.add({ what: `its ${which} beside the flood, of its own`, figure, goal, atMost: true });
  }
}

const at = (talks: Talked[], which: 'p95' | 'p99') => median(talks.map(({ acknowledged }) => acknowledged[which]));

const shown = (talks: Talked[]) => `p95 ${at(talks, 'p95').toFixed(1)} p99 ${at(talks, 'p99').toFixed(1)} ms`;

/** @throws Error when the clients were too slow to be a flood */
function offered(floods: Beside[]): string {
  const perSecond = (count: (flood: Measured) => number) =>
    median(floods.map(({ neighbour }) => count(neighbour) / neighbour.seconds));
  const attempts = perSecond(({ accepted, refused }) => accepted + refused);
  if (attempts < OFFERED_AT_LEAST) throw new Error(`Only ${attempts.toFixed(0)} messages a second were offered`);
  const accepted = perSecond((flood) => flood.accepted);
  return `offered and answered ${attempts.toFixed(0)}/s, of which accepted ${accepted.toFixed(0)}/s`;
}
