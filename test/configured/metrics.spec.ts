import { ownSystem, patient, waitFor, type Caller, type LiveClient, type TenantSession } from '#caas/testing';
import { freePort } from '../../tools/stack';

const SENDS = 200;
const RECEIVERS = 10;
const LIMIT = 30;

const ports: { api?: number; worker?: number } = {};
const system = ownSystem({
  logLevel: 'fatal',
  apps: ['api'],
  environment: async () => ({ METRICS_PORT: String((ports.api = await freePort())), RATE_LIMITS_FACTOR: '1' }),
});

type Labels = Record<string, string>;

/** What Prometheus would read. */
class Scrape {
  private constructor(readonly text: string) {}

  static async of(port: number): Promise<Scrape> {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/plain; version=0\.0\.4/),
    ]);
    return new Scrape(await answer.text());
  }

  /** The sum of all series of the name that have these labels. */
  sum(name: string, labels: Labels = {}): number {
    return this.series(name)
      .filter(({ of }) => Object.entries(labels).every(([label, value]) => of[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  series(name: string): { of: Labels; value: number }[] {
    const lines = this.text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return lines.map((line) => {
      const [, labels = '', value] = /^[a-zA-Z0-9_:]+(?:\{(.*)\})? (\S+)$/.exec(line)!;
      const of = Object.fromEntries(
        [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]),
      );
      return { of, value: Number(value) };
    });
  }

  get names(): string[] {
    return [...this.text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
  }
}

/** How much more of everything there is by now. */
const grown = (before: Scrape, after: Scrape) => (name: string, labels?: Labels) =>
  after.sum(name, labels) - before.sum(name, labels);

describe('The monitoring port', () => {
  const tenant = system.session('pro', 'anna', 'ben');
  let worker: number;
  beforeAll(async () => {
    worker = await freePort();
    await system.startWorker({ METRICS_PORT: String(worker) });
  });

  it('has health and metrics of an api and of a worker, without a credential, and nothing else', async () => {
    for (const port of [ports.api!, worker]) {
      await waitFor('it is ready', patient(20_000), async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
        return answer?.status === 200;
      });
      const url = `http://127.0.0.1:${port}`;
      expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'ok' });
      expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({
        status: 'ok',
        checks: { redis: 'ok' },
      });
      expect((await fetch(`${url}/v1/users`)).status).toBe(404);
      expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    }
  });

  it('leaves the port of clients to those with the platform key', async () => {
    const url = `${system.urls[0]}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect(await system.metrics()).toContain('caas_build_info{');
  });

  it('says which version of CaaS it is, and has no label that grows with customers', async () => {
    for (const port of [ports.api!, worker]) {
      const scrape = await Scrape.of(port);
      expect(scrape.sum('caas_build_info')).toBe(1);
      expect(scrape.text).not.toContain(tenant.id);
      expect(scrape.text).not.toMatch(/[0-9a-f]{24}/);
      // As promtool asks for: a help of each, names with units, counters that say so.
      for (const name of scrape.names) {
        expect(scrape.text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
        const type = new RegExp(`^# TYPE ${name} (\\w+)`, 'm').exec(scrape.text)?.[1];
        if (name.startsWith('caas_'))
          expect([name, type === 'counter', name.endsWith('_total')]).toEqual([
            name,
            type === 'counter',
            type === 'counter',
          ]);
      }
    }
  });

  it('counts what a client counts: sends, refusals, sockets, events and calls', async () => {
    await tenant.setLimits();
    const room = await tenant.room('anna', ['ben']);
    const anna = tenant.as('anna');
    await anna.get(room.path);
    const before = await Scrape.of(ports.api!);
    const token = await tenant.token('ben');
    const sockets = await Promise.all(Array.from({ length: RECEIVERS }, () => tenant.connect(token)));
    await expect(tenant.connect('no token')).rejects.toThrow();
    for (let n = 0; n < SENDS; n += 1) await sent(anna, room.path, `c${n}`);
    const repeated = await anna.post(`${room.path}/messages`, { client_message_id: 'c0', text: 'c0' });
    expect(repeated.status).toBe(200);
    await anna.post(`${room.path}/messages`, { client_message_id: 'none' });
    await Promise.all(sockets.map((socket) => allHeard(socket)));
    const more = grown(before, await Scrape.of(ports.api!));
    expect({
      stored: more('caas_message_send_duration_seconds_count', { outcome: 'stored' }),
      replayed: more('caas_message_send_duration_seconds_count', { outcome: 'replayed' }),
      http: more('caas_http_request_duration_seconds_count', { method: 'POST', status: '201' }),
      connects: more('caas_socket_connects_total'),
      sockets: more('caas_sockets'),
      refused:
        more('caas_socket_refusals_total', { code: 'token_malformed' }) +
        more('caas_socket_refusals_total', { code: 'token_invalid' }),
      events: more('caas_events_sent_total', { type: 'message.created' }),
      ready: more('caas_events_sent_total', { type: 'ready' }),
    }).toEqual({
      stored: SENDS,
      replayed: 1,
      // The token was one more call.
      http: SENDS + 1,
      connects: RECEIVERS,
      sockets: RECEIVERS,
      refused: 1,
      events: SENDS * RECEIVERS,
      ready: RECEIVERS,
    });
    // One delivery for each event of each process, whatever the number of its receivers.
    expect(more('caas_event_delivery_seconds_count')).toBeGreaterThanOrEqual(SENDS);
    expect(more('caas_mongodb_command_duration_seconds_count', { client: 'tenants' })).toBeGreaterThan(SENDS);
    expect(more('caas_redis_command_duration_seconds_count', { outcome: 'ok' })).toBeGreaterThan(0);
    tenant.disconnect();
    await waitFor(
      'they are gone',
      5_000,
      async () => (await Scrape.of(ports.api!)).sum('caas_sockets') === before.sum('caas_sockets'),
    );
  });

  it('counts whom the limiter refuses', async () => {
    const limited: TenantSession = await system.tenant('free');
    await limited.users('anna');
    await limited.setLimits({ user_searches_per_minute: LIMIT, searches_per_minute: 10 * LIMIT });
    const anna = limited.as('anna');
    const before = await Scrape.of(ports.api!);
    const statuses = await Promise.all(Array.from({ length: 3 * LIMIT }, () => anna.get('/v1/search/messages?q=word')));
    const refused = statuses.filter(({ status }) => status === 429).length;
    expect(refused).toBeGreaterThan(0);
    const more = grown(before, await Scrape.of(ports.api!));
    expect(more('caas_rate_limited_total', { class: 'search', budget: 'user' })).toBe(refused);
  });

  it('counts the jobs of a worker, and what stands in the queues', async () => {
    const before = await Scrape.of(worker);
    const names = ['anna', 'ben'];
    for (const name of names) await tenant.server().patch(`/v1/users/${name}`, { display_name: `${name} renamed` });
    await waitFor('their references are refreshed', 20_000, async () => {
      const more = grown(before, await Scrape.of(worker));
      return more('caas_jobs_total', { job: 'refresh-references', outcome: 'done' }) === names.length;
    });
    const after = await Scrape.of(worker);
    const more = grown(before, after);
    expect(more('caas_job_duration_seconds_count', { job: 'refresh-references' })).toBe(names.length);
    expect(new Set(after.series('caas_queue_jobs').map(({ of }) => of.queue))).toEqual(
      new Set(['media', 'archive', 'references', 'webhooks', 'tenants', 'maintenance']),
    );
    expect(after.sum('caas_outbox_tenants')).toBeGreaterThanOrEqual(0);
  });
});

async function sent(as: Caller, path: string, id: string): Promise<void> {
  expect((await as.post(`${path}/messages`, { client_message_id: id, text: id })).status).toBe(201);
}

const allHeard = (client: LiveClient): Promise<unknown> =>
  waitFor('it has heard of all', 10_000, () => client.of('message.created').length === SENDS);
