/**
 * `npm run bench:hostile [-- kind …]`: what attackers do to one honest tenant that sends 50 messages a second. Each part is run
 * in turn, with the same honest load at the api: while the attackers are at a server that only closes connections, which is what they
 * cost on this machine whatever is done about them, and while they are at the api. The p99 is that of all
 * rounds together. Attackers are processes of their own at nice 19; what they sent is
 * printed. `BENCH_SECONDS` shortens the rounds. Exits with 1 when a goal is missed.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../tools/stack';
import type { Talked } from '../messaging/clients';
import { CrowdProcess } from '../messaging/crowd';
import { Population } from '../support/population';
import { Table } from '../messaging/table';
import { benchEngines, type BenchEngines } from '../support/engines';
import { TEXT } from '../support/fixture';
import { MemoryAccount } from '../support/memory';
import { startServer, type Server } from '../support/servers';
import { percentile } from '../support/statistics';
import { Attackers } from './attackers';
import type { Sent, Target } from './attacks/attack';
import { PARTS, type Part } from './parts';

const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 10);
const ROUNDS = 2;
const PER_SECOND = 50;
const MEMBERS = 5;
const WARM_UP_SECONDS = 2;
const HOSTILE_USERS = 20;
/** Attackers begin before the honest tenant is measured, and end after it. */
const LEAD_MS = 1_000;
/** What the honest tenant sent in a part is answered by then, or never. */
const ANSWERED_WITHIN_MS = 60_000;
const TIMES_THE_FLOOR = 2;
const MOST_MB = 100;
const MANY = 1_000_000;

const PLATFORM_KEY = randomBytes(24).toString('base64url');

async function main(wanted: string[]): Promise<boolean> {
  const kinds = PARTS.map(({ kind }) => kind);
  const unknown = wanted.filter((name) => !kinds.includes(name));
  if (unknown.length > 0) throw new Error(`No such part: ${unknown.join(', ')}. There are: ${kinds.join(', ')}`);
  const began = performance.now();
  const engines = await benchEngines();
  const closer = await startCloser();
  const table = new Table();
  let scene: Scene | null = null;
  try {
    for (const part of PARTS.filter(({ kind }) => wanted.length === 0 || wanted.includes(kind))) {
      scene ??= await setScene(engines);
      if (await measure(part, scene, closer.url, table)) continue;
      await scene.end();
      scene = null;
    }
    table.note(`The whole of it took ${((performance.now() - began) / 1000).toFixed(0)} s.`);
    return table.allMet;
  } finally {
    await scene?.end();
    closer.stop();
    await engines.stop();
  }
}

/** An api with the honest tenant's clients, and a tenant of the attackers' own. */
interface Scene {
  api: Server;
  honest: CrowdProcess;
  target: Target;
  end(): Promise<void>;
}

async function setScene(engines: BenchEngines): Promise<Scene> {
  const api = await startServer('apps/api/src/main.js', {
    NODE_ENV: 'production',
    MONGODB_URI: engines.mongodbUri,
    REDIS_URL: engines.redisUrl,
    PLATFORM_ADMIN_KEY: PLATFORM_KEY,
    SECRETS_KEY: SECRETS_KEY,
  });
  try {
    const honest = await seatHonestTenant(api, engines);
    const end = async () => {
      await honest.close().catch(() => undefined);
      await api.stop();
    };
    return { api, honest, target: await hostileTenant(api), end };
  } catch (error) {
    await api.stop();
    throw error;
  }
}

/** @returns whether the api has borne it */
async function measure(part: Part, { api, honest, target }: Scene, closerUrl: string, table: Table): Promise<boolean> {
  const seconds = process.env['BENCH_SECONDS'] ? SECONDS : (part.seconds ?? SECONDS);
  const rounds = part.rounds ?? ROUNDS;
  table.heading(`${part.what}, ${rounds} times for ${seconds} s`);
  await talk(honest, WARM_UP_SECONDS);
  const memory = await MemoryAccount.begin(api.pid);
  const [floors, attacked]: [Beside[], Beside[]] = [[], []];
  for (let round = 0; round < rounds && attacked.every(({ talked }) => talked); round += 1) {
    floors.push(await beside(part, { ...target, url: closerUrl }, honest, seconds));
    attacked.push(await beside(part, target, honest, seconds));
  }
  for (const [at, sides] of Object.entries({ closer: floors, api: attacked })) {
    for (const { sent, talked } of sides)
      table.note(`at the ${at.padEnd(6)}: ${shown(sent)}; honest: ${times(talked)}`);
  }
  const isAlive = await answers(api);
  const ratio = p99Of(attacked) / p99Of(floors);
  const memoryMb = isAlive ? memory.aboveIdleMb : Infinity;
  table.add({ what: 'p99, times the floor’s', figure: ratio, goal: TIMES_THE_FLOOR, atMost: true });
  table.add({ what: 'api memory above idle, MB', figure: memoryMb, goal: MOST_MB, atMost: true, digits: 0 });
  table.add({ what: 'processes that ended', figure: isAlive ? 0 : 1, goal: 0, atMost: true, digits: 0 });
  return isAlive && attacked.every(({ talked }) => talked);
}

interface Beside {
  sent: Sent;
  /** Null when the honest tenant was not answered any more. */
  talked: Talked | null;
}

/** Of all rounds together: of one alone it would be three messages, which anything on the machine can hold up. */
const p99Of = (sides: Beside[]): number =>
  percentile(
    sides.flatMap(({ talked }) => talked?.acknowledgedMs ?? [Infinity]),
    0.99,
  );

async function beside(
  { kind, attackers }: Part,
  target: Target,
  honest: CrowdProcess,
  seconds: number,
): Promise<Beside> {
  const attack = Attackers.start(attackers, { kind, target, seconds: seconds + (2 * LEAD_MS) / 1000 });
  await sleep(LEAD_MS);
  const talked = await Promise.race([
    talk(honest, seconds).catch(() => null),
    sleep(seconds * 1000 + ANSWERED_WITHIN_MS, null, { ref: false }),
  ]);
  return { sent: await attack.done(), talked };
}

const talk = (honest: CrowdProcess, seconds: number): Promise<Talked> =>
  honest.talk({ seconds, senders: MEMBERS, perSecond: PER_SECOND, text: TEXT });

async function seatHonestTenant(api: Server, engines: BenchEngines): Promise<CrowdProcess> {
  const limits = { sends_per_minute: MANY, user_sends_per_minute: MANY };
  const population = await Population.found(api.url, PLATFORM_KEY, { limits });
  const people = await population.people('honest', MEMBERS);
  const conversationId = await population.room(people);
  const seats = people.map(({ token }) => ({ token, conversationId }));
  return CrowdProcess.seat({ url: api.url, seats }, { api: api.pid, ...engines.roles });
}

/** Whose users are known to the api, and whose blocked phrases are all the same but for their ends. */
async function hostileTenant(api: Server): Promise<Target> {
  const population = await Population.found(api.url, PLATFORM_KEY);
  const people = await population.people('hostile', HOSTILE_USERS);
  const conversationId = await population.room(people);
  const blocked_words = Array.from({ length: 1_000 }, (_, at) => `${'a '.repeat(29)}b${at}`);
  await population.set({ moderation: { blocked_words } });
  return { url: api.url, tokens: people.map(({ token }) => token), conversationId };
}

async function startCloser(): Promise<{ url: string; stop(): void }> {
  const port = await freePort();
  const child = fork(join(__dirname, 'closer.js'), { env: { ...process.env, PORT: String(port) } });
  await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') };
}

const answers = ({ url }: Server): Promise<boolean> =>
  fetch(`${url}/health/live`, { signal: AbortSignal.timeout(ANSWERED_WITHIN_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );

const shown = ({ connections, ended, frames, requests, bytes }: Sent): string =>
  `${connections} connections, ${ended} ended by the server, ${frames} frames, ${requests} requests, ${(bytes / 1e6).toFixed(1)} MB`;

const times = (talked: Talked | null): string => {
  if (!talked) return 'not answered';
  const { p50, p95, p99 } = talked.acknowledged;
  return `${talked.accepted} answered, p50 ${p50.toFixed(1)} p95 ${p95.toFixed(1)} p99 ${p99.toFixed(1)} ms`;
};

const SECRETS_KEY = randomBytes(32).toString('base64');

void main(process.argv.slice(2)).then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
