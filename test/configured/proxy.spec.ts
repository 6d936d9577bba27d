import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { LiveClient, ownSystem, waitFor } from '#caas/testing';
import { freePort } from '../../tools/stack';
import { ensureInstalled } from '../../tools/stack/engines/system-packages';
import { onPath } from '../../tools/stack/process/managed-process';
import { repositoryRoot } from '../../tools/stack/repository';
import { chunk, creation } from '../support/tus';

/** More than the limit of the proxy used to be, in one request. */
const UPLOAD_BYTES = 120 * 2 ** 20;
/** More than a limiter lets one address guess. */
const GUESSES = 122;

/** As compose starts the apis behind the proxy. */
const system = ownSystem({
  logLevel: 'fatal',
  apps: ['api', 'api'],
  environment: { TRUSTED_PROXIES: '1', RATE_LIMITS_FACTOR: '1' },
});

/** The proxy's file of docker-compose.yml in an nginx of this machine. */
class Proxy {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly url: string,
  ) {}

  static async start(apis: string[]): Promise<Proxy> {
    await ensureInstalled(['nginx'], { progress: () => undefined, signal: new AbortController().signal });
    const folder = mkdtempSync(join(tmpdir(), 'caas-proxy-'));
    const [port, own] = [await freePort(), await freePort()];
    const compose = parse(readFileSync(join(repositoryRoot(), 'docker-compose.yml'), 'utf8')) as {
      configs: { proxy: { content: string } };
    };
    const site = compose.configs.proxy.content
      .replaceAll('$$', '$')
      // Docker's name server finds the apis there.
      .replace(/^\s*resolver .*$/m, '')
      .replace(/^\s*server api:3000 resolve;$/m, apis.map((url) => `server ${new URL(url).host};`).join('\n'))
      .replace('listen 8080;', `listen 127.0.0.1:${port};`)
      .replace('127.0.0.1:8081', `127.0.0.1:${own}`);
    expect(site).not.toMatch(/resolve|8080|8081/);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    );
    const file = join(folder, 'nginx.conf');
    const http = `http { access_log off; ${temporary.join(' ')}\n${site} }`;
    writeFileSync(file, `daemon off; pid ${join(folder, 'pid')}; error_log stderr; user root; events {}\n${http}\n`);
    execFileSync('nginx', ['-t', '-q', '-c', file]);
    const child = spawn(onPath('nginx')!, ['-c', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    const proxy = new Proxy(child, folder, `http://127.0.0.1:${port}`);
    await waitFor('the proxy', 10_000, () =>
      fetch(proxy.url).then(
        () => true,
        () => false,
      ),
    );
    return proxy;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const isRoot = process.getuid?.() === 0;
if (!isRoot && !onPath('nginx')) console.info('not tried: there is no nginx, and to install it takes root');

// Without nginx there is nothing to try the file in, and only root can install one.
(isRoot || onPath('nginx') ? describe : describe.skip)('The proxy of docker-compose.yml', () => {
  const tenant = system.session('pro', 'anna', 'ben');
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await Proxy.start(system.urls);
  }, 120_000);
  afterAll(() => proxy?.stop());

  /** From another address of this machine, which the proxy passes on. What is spent from one stays spent for a minute. */
  const from = (localAddress: string, path: string, authorization: string, more = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(`${proxy.url}${path}`, { localAddress, headers: { authorization, ...more } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      });
      sent.once('error', reject);
      sent.end();
    });

  /** As it is written: `fetch` would tidy the path. */
  const statusOf = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(proxy.url);
      const headers = { authorization: `Bearer ${system.platformKey}` };
      const sent = request({ hostname, port, path, headers }, (answer) => {
        answer.resume();
        resolve(answer.headers['x-request-id'] === undefined ? answer.statusCode! : -answer.statusCode!);
      });
      sent.once('error', reject);
      sent.end();
    });

  it('keeps clients apart: one who guesses does not shut out another', async () => {
    const token = `Bearer ${await tenant.token('anna')}`;
    const guesses = Array.from({ length: GUESSES }, (_, at) => from('127.0.0.2', '/v1/users/me', `Bearer guess-${at}`));
    const statuses = await Promise.all(guesses);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(await from('127.0.0.3', '/v1/users/me', token)).toBe(200);
    // Nor does the proxy's own address, under which nobody comes.
    expect(await from('127.0.0.3', '/v1/users/me', 'Bearer one-guess')).toBe(401);
  });

  it('does not let a client choose its address', async () => {
    const statuses = new Set<number>();
    for (let guess = 0; guess < GUESSES; guess += 1) {
      const chosen = { 'x-forwarded-for': `203.0.113.${guess}` };
      statuses.add(await from('127.0.0.4', '/v1/users/me', 'Bearer guess', chosen));
    }
    expect(statuses).toContain(429);
  });

  it('passes an upload of 120 MB in one request', async () => {
    const token = await tenant.token('anna');
    const headers = { authorization: `Bearer ${token}` };
    const made = await fetch(`${proxy.url}/v1/files/uploads`, {
      method: 'POST',
      headers: { ...headers, ...creation(UPLOAD_BYTES) },
    });
    expect(made.status).toBe(201);
    const location = new URL(made.headers.get('location')!, proxy.url);
    const at = `${proxy.url}${location.pathname}`;
    const patch = await fetch(at, {
      method: 'PATCH',
      headers: { ...headers, ...chunk(0) },
      body: Buffer.alloc(UPLOAD_BYTES, 1),
    });
    expect([patch.status, patch.headers.get('upload-offset')]).toEqual([204, String(UPLOAD_BYTES)]);
  });

  it('passes a socket, over which messages come, and no long polling', async () => {
    const room = await tenant.room('anna', ['ben']);
    const client = LiveClient.to(proxy.url, await tenant.token('ben'));
    await client.ready;
    const { id } = await tenant.message('anna', room, { text: 'through the proxy' });
    await waitFor('it comes', 5_000, () => client.of('message.created').some(({ data }) => data['id'] === id));
    client.socket.disconnect();
    expect((await fetch(`${proxy.url}/realtime/?EIO=4&transport=polling`)).status).toBe(400);
  });

  it.each(['/metrics', '/admin/queues', '/platform/v1/tenants', '/health/ready', '/'])(
    'passes nothing else: %s',
    async (path) => {
      const headers = { authorization: `Bearer ${system.platformKey}` };
      const answer = await fetch(`${proxy.url}${path}`, { headers });
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([404, null]);
    },
  );

  it('is not led elsewhere by what is encoded in a path', async () => {
    const paths = [
      '/platform/v1/tenants/..%2F..%2F..%2Fv1%2F',
      '/admin/queues/api/queues/x/..%2F..%2F..%2F..%2F..%2Fv1%2F',
      '/v1/..%2Fplatform/v1/tenants',
      '/v1/%2e%2e/metrics',
    ];
    for (const path of paths) expect([path, await statusOf(path)]).toEqual([path, 404]);
  });

  it('passes the documents', async () => {
    expect((await fetch(`${proxy.url}/docs`)).status).toBe(200);
  });
});
