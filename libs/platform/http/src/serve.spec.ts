import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Agent, request as httpRequest } from 'node:http';
import { gate, startToys } from './http-application.support';

/** Sends one request over `agent`'s connections. */
function ask(url: string, path: string, agent: Agent) {
  return new Promise<{ status: number; connection: string | undefined; body: string }>((resolve, reject) => {
    httpRequest(url + path, { agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, connection: response.headers.connection, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('closing the application', () => {
  let app: NestFastifyApplication;
  let url: string;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  beforeAll(async () => ({ app, url } = await startToys()));
  afterAll(() => agent.destroy());

  it('finishes what has begun, closes what is idle, and takes nothing new', async () => {
    gate.opened = new Promise((resolve) => (gate.open = resolve));
    // Two connections: one will wait in a handler, the other is idle and kept alive.
    const slow = ask(url, '/toys/slow', agent);
    await ask(url, '/toys/paged', agent);

    let ended = false;
    const draining = app.close().then(() => (ended = true));
    await expect(ask(url, '/toys/paged', new Agent())).rejects.toThrow(/ECONNREFUSED|ECONNRESET|hang up/);
    expect(ended).toBe(false);

    gate.open();
    expect(await slow).toMatchObject({ status: 200, body: '{"done":true}' });
    const from = Date.now();
    await draining;
    expect(Date.now() - from).toBeLessThan(2000);
  });
});
