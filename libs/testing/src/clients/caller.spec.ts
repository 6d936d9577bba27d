import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RetryPolicy } from '../retry-policy';
import { Caller, roundRobin } from './caller';

interface Given {
  status: number;
  body?: object;
}

/** Servers that give one answer after the other, and the last for ever; `null` breaks the connection. */
class Servers {
  readonly asked: { server: number; authorization: string | undefined; body: string }[] = [];
  private readonly servers: Server[] = [];

  async open(...answers: (Given | null)[][]): Promise<string[]> {
    for (const [at, given] of answers.entries()) {
      const server = createServer((request, response) => {
        let body = '';
        request.on('data', (part: Buffer) => (body += part.toString()));
        request.on('end', () => {
          this.asked.push({ server: at, authorization: request.headers.authorization, body });
          const next = given.length > 1 ? given.shift()! : given[0]!;
          if (next === null) return request.socket.destroy();
          return response.writeHead(next.status).end(next.body ? JSON.stringify(next.body) : '');
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      this.servers.push(server);
    }
    return this.servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  close(): void {
    for (const server of this.servers) server.closeAllConnections();
    for (const server of this.servers) server.close();
  }
}

describe('Caller', () => {
  let servers: Servers;
  beforeEach(() => (servers = new Servers()));
  afterEach(() => servers.close());

  const OK = { status: 200, body: { id: '1' } };
  const insisting = (urls: string[], retry: RetryPolicy) =>
    new Caller(
      roundRobin(() => urls),
      'key',
      {},
      retry,
    );

  it('answers an error as it comes, and repeats nothing by itself', async () => {
    const [url] = await servers.open([{ status: 503, body: { code: 'unavailable' } }, OK]);
    expect(await new Caller(url!, 'key').get('/x')).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(servers.asked).toHaveLength(1);
  });

  it('gives the body of a success, and throws any other answer', async () => {
    const [url] = await servers.open([OK, { status: 404, body: { code: 'not_found' } }]);
    const caller = new Caller(url!, 'key');
    expect(await caller.read('/x')).toEqual({ id: '1' });
    await expect(caller.expectBody('POST', '/x', {})).rejects.toThrow('POST /x: 404 {"code":"not_found"}');
  });

  it('calls several apis in turn', async () => {
    const urls = await servers.open([OK], [OK]);
    const caller = new Caller(
      roundRobin(() => urls),
      'key',
    );
    for (let call = 0; call < 4; call += 1) await caller.get('/x');
    expect(servers.asked.map(({ server }) => server).sort()).toEqual([0, 0, 1, 1]);
  });

  it.each<[string, Given | null]>([
    ['an api that is away', null],
    ['a passing answer', { status: 503, body: {} }],
    ['a first attempt that is still running', { status: 409, body: { code: 'idempotency_in_progress' } }],
  ])('repeats, with a retry policy, the same call after %s', async (_what, first) => {
    const urls = await servers.open([first, OK], [first, OK]);
    const retry = new RetryPolicy();
    expect(await insisting(urls, retry).post('/x', { a: 1 })).toMatchObject(OK);
    expect(retry.repeated).toBe(2);
    expect(servers.asked.map(({ server }) => server)).toHaveLength(3);
    for (const asked of servers.asked) expect(asked).toMatchObject({ authorization: 'Bearer key', body: '{"a":1}' });
  });

  it('takes a refusal for an answer', async () => {
    const urls = await servers.open([{ status: 409, body: { code: 'conflict' } }, OK]);
    const retry = new RetryPolicy();
    expect(await insisting(urls, retry).get('/x')).toMatchObject({ status: 409 });
    expect(retry.repeated).toBe(0);
  });

  it('gives up when there is no lasting answer in time', async () => {
    const urls = await servers.open([{ status: 500, body: { code: 'internal' } }]);
    const caller = insisting(urls, new RetryPolicy({ forMs: 0 }));
    await expect(caller.get('/x')).rejects.toThrow('GET /x failed for 0 s: {"status":500,"code":"internal"}');
  });
});
