/**
 * `npm run bench`: what the api costs beside the least that could do the same work, in one run on the same engines. Rates are
 * medians of three repetitions taken in turn, per second and per CPU-second of all processes that serve.
 */
import { randomBytes } from 'node:crypto';
import { benchEngines, type BenchEngines } from './support/engines';
import { emptyFloorCollection } from './support/floor-collection';
import { prepareFixture, TEXT, type Fixture } from './support/fixture';
import type { Load } from './support/load';
import { compare, type Contender, type Rate } from './support/measure';
import { startServer, type Server } from './support/servers';

const SENDERS = 32;
const PLATFORM_KEY = randomBytes(24).toString('base64url');

interface Line {
  what: string;
  goal: number;
  /** By which rate the goal is judged; work that is all CPU is near the noise when judged by the clock. */
  by: keyof Rate;
  figure: Rate;
  floor: Rate;
}

async function main(): Promise<boolean> {
  const engines = await benchEngines();
  const servers: Server[] = [];
  const start = async (entry: string, env: NodeJS.ProcessEnv = {}) => {
    const server = await startServer(entry, { ...environmentOf(engines), ...env });
    servers.push(server);
    return server;
  };
  try {
    const api = await start('test/bench/servers/api-with-empty-routes.js');
    const unguarded = await start('test/bench/servers/api-with-empty-routes.js', { TENANT_FIREWALL: 'false' });
    const floor = await start('test/bench/servers/floor.js');
    const bare = await start('test/bench/servers/bare-fastify.js');
    const fixture = await prepareFixture(api.url, PLATFORM_KEY);
    await emptyFloorCollection(engines.mongodbUri);
    const withEngines = (name: string, server: Server, load: Omit<Load, 'url'>): Contender => ({
      name,
      load: { ...load, url: server.url },
      pids: [server.pid, ...engines.pids],
    });

    const lines: Line[] = [];
    const report = (what: string, goal: number, by: keyof Rate, figure?: Rate, against?: Rate) => {
      const line = { what, goal, by, figure: figure!, floor: against! };
      console.log(told(line));
      lines.push(line);
    };
    console.log(HEAD);

    const send = await compare([
      withEngines(
        'send',
        api,
        sends(fixture, (id) => `/v1/conversations/${id}/messages`),
      ),
      withEngines(
        'floor of send',
        floor,
        sends(fixture, () => '/messages', true),
      ),
    ]);
    report('REST send, 32 senders, 50 conversations / raw insert', 0.45, 'perSecond', ...send);

    const page = await compare([
      withEngines(
        'page',
        api,
        pages(fixture, (id) => `/v1/conversations/${id}/messages?limit=20`),
      ),
      withEngines(
        'floor of page',
        floor,
        pages(fixture, (id) => `/page?tenant=${fixture.tenantId}&conversation=${id}`),
      ),
    ]);
    report('REST page of 20 / raw find', 0.5, 'perSecond', ...page);

    const empty = await compare([
      withEngines(
        'empty route',
        api,
        pages(fixture, () => '/v1/bench/empty', 4),
      ),
      withEngines(
        'bare fastify',
        bare,
        pages(fixture, () => '/empty', 4),
      ),
    ]);
    report('empty authenticated route / bare fastify', 0.3, 'perCpuSecond', ...empty);

    const context = await compare([
      withEngines(
        'with context',
        api,
        pages(fixture, () => '/v1/bench/with-context', 4),
      ),
      withEngines(
        'without context',
        api,
        pages(fixture, () => '/v1/bench/without-context', 4),
      ),
    ]);
    report('with / without context and tenant connection', 0.95, 'perCpuSecond', ...context);

    const firewall = await compare([
      withEngines(
        'firewall on',
        api,
        pages(fixture, (id) => `/v1/conversations/${id}/messages?limit=20`),
      ),
      withEngines(
        'firewall off',
        unguarded,
        pages(fixture, (id) => `/v1/conversations/${id}/messages?limit=20`),
      ),
    ]);
    report('firewall on / off, page of 20', 0.95, 'perCpuSecond', ...firewall);
    return lines.every((line) => ratioOf(line, line.by) >= line.goal);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await engines.stop();
  }
}

function environmentOf({ mongodbUri, redisUrl }: BenchEngines): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'production',
    MONGODB_URI: mongodbUri,
    REDIS_URL: redisUrl,
    PLATFORM_ADMIN_KEY: PLATFORM_KEY,
    SECRETS_KEY: SECRETS_KEY,
    // The limiter counts each call; nobody reaches the limit.
    RATE_LIMITS_FACTOR: '1000',
  };
}

const SECRETS_KEY = randomBytes(32).toString('base64');

function sends(fixture: Fixture, path: (id: string) => string, isFloor = false): Omit<Load, 'url'> {
  const requests = fixture.conversations.map(({ id, token }) => ({
    method: 'POST' as const,
    path: path(id),
    token,
    body: { text: TEXT, ...(isFloor ? { conversation_id: id } : {}) },
  }));
  return { connections: SENDERS, seconds: 6, requests, numbered: true };
}

function pages(fixture: Fixture, path: (id: string) => string, seconds = 6): Omit<Load, 'url'> {
  const requests = fixture.conversations.map(({ id, token }) => ({ method: 'GET' as const, path: path(id), token }));
  return { connections: SENDERS, seconds, requests };
}

const HEAD = `
${'requests per second, and per CPU-second'.padEnd(54)} ${'figure'.padStart(15)} ${'floor'.padStart(15)} ${'ratio'.padStart(13)}  goal`;

function told(line: Line): string {
  const { what, goal, by, figure, floor } = line;
  const rates = ({ perSecond, perCpuSecond }: Rate) =>
    `${perSecond.toFixed(0)} / ${perCpuSecond.toFixed(0)}`.padStart(15);
  const ratios = (['perSecond', 'perCpuSecond'] as const).map((each) => ratioOf(line, each).toFixed(2)).join(' / ');
  const judged = `${goal.toFixed(2)} ${by === 'perSecond' ? 'per s' : 'per CPU-s'}`;
  const verdict = ratioOf(line, by) >= goal ? 'met' : 'MISSED';
  return `${what.padEnd(54)} ${rates(figure)} ${rates(floor)} ${ratios.padStart(13)}  ${judged.padEnd(14)} ${verdict}`;
}

const ratioOf = ({ figure, floor }: Line, by: keyof Rate) => figure[by] / floor[by];

void main().then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
