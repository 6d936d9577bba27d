import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { rawRequest, startToys } from './http-application.support';
import type { Problem } from './problem';

describe('what comes in', () => {
  let app: NestFastifyApplication;
  let url: string;
  beforeAll(async () => ({ app, url } = await startToys({ BODY_TIMEOUT: '100ms' })));
  afterAll(() => app.close());

  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${url}/toys`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  const problemOf = async (answer: Promise<Response>) => (await (await answer).json()) as Problem;

  /** Everything that the server says until it closes the connection. */
  async function talk(...parts: string[]): Promise<string> {
    const socket = dial();
    for (const part of parts) socket.write(part);
    return text(socket);
  }

  function dial(): Socket {
    const { port } = new URL(url);
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    return socket.on('error', () => undefined);
  }

  const unfinished = (path: string, sent: number) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 990000\r\n\r\n${' '.repeat(sent)}`;

  describe('of mistakes', () => {
    const MANY = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`field_${index}`, 1]));

    it('names at most twenty', async () => {
      const answer = await post(JSON.stringify(MANY));
      expect(answer.headers.get('content-length')).toMatch(/^[1-3]?\d{3}$/);
      const { code, errors } = (await answer.json()) as Problem;
      expect(code).toBe('validation_failed');
      expect(errors).toHaveLength(20);
      expect(errors![0]).toEqual({ field: 'field_0', message: 'is not known here' });
    });

    it('names at most twenty of a list', async () => {
      const parts = Array.from({ length: 100 }, (_, index) => ({
        part_name: String(index),
        [`x${'y'.repeat(500)}`]: 1,
      }));
      const { errors } = await problemOf(post(JSON.stringify({ display_name: 'x', parts })));
      expect(errors).toHaveLength(20);
      expect(errors![19]!.field).toBe(`parts.19.x${'y'.repeat(63)}`);
    });

    it('finds them in time that grows with the body, whatever it begins with', async () => {
      const body = `{"a":"${'1'.repeat(130_000)}x"}`;
      // Counted, not timed: to look at a character more than once would take minutes for these.
      for (let n = 0; n < 30; n += 1) expect((await post(body)).status).toBe(400);
    });

    it('stops at a size, before the rest of a list is looked at', async () => {
      const parts = Array.from({ length: 101 }, () => ({ part_name: 7 }));
      const { errors } = await problemOf(post(JSON.stringify({ display_name: 'x', parts })));
      expect(errors).toEqual([{ field: 'parts', message: 'must be a list of 0 to 100 objects' }]);
    });

    it.each([
      [
        '80,000 fields',
        JSON.stringify(Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [`f${i}`, 1]))),
        'body',
      ],
      ['36,000 items', JSON.stringify({ parts: Array(36_000).fill('0'.repeat(24)) }), 'parts'],
    ])('is told of %s without parsing them', async (_what, body, field) => {
      const { code, errors } = await problemOf(post(body));
      expect(code).toBe('validation_failed');
      expect(errors).toEqual([{ field, message: expect.stringMatching(/more than/) as string }]);
    });
  });

  describe('in a coding', () => {
    it.each(['gzip', 'br', 'zstd', 'identity, gzip', 'x'])('%s is a 415 that says what is taken', async (coding) => {
      const answer = await post('{"display_name":"x"}', { 'content-encoding': coding });
      expect(answer.headers.get('accept-encoding')).toBe('identity');
      expect(answer.status).toBe(415);
      expect(((await answer.json()) as Problem).code).toBe('content_encoding_not_supported');
    });

    it.each(['identity', 'Identity'])('%s is as it is', async (coding) => {
      expect((await post('{"display_name":"x"}', { 'content-encoding': coding })).status).toBe(201);
    });
  });

  it.each([
    ['application/json; charset=utf-8', 201],
    ['application/json;charset="UTF8"', 201],
    ['Application/JSON', 201],
    ['application/json; charset=latin1', 415],
    ['application/json; charset=utf-16', 415],
    ['application/json; x=1; charset=windows-1252', 415],
    ['multipart/form-data; boundary=x', 415],
    ['text/plain', 415],
  ])('of type %s is a %i', async (type, status) => {
    const answer = await post('{"display_name":"x"}', { 'content-type': type });
    expect(answer.status).toBe(status);
  });

  it.each([
    ['/toys/named?name=%zz', 'name'],
    ['/toys/named?name=%', 'name'],
    ['/toys/named?name=%ED%A0%BD', 'name'],
    ['/toys/named?name=%FF', 'name'],
    ['/toys/named?name=a%00', 'name'],
    ['/toys/named?na%ZZme=a', 'na%ZZme'],
    ['/toys/named?%00=a', '\0'],
  ])('in a query as in %s names the parameter', async (path, field) => {
    const { status, body } = await rawRequest(url, { path });
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ code: 'invalid_parameter', errors: [{ field }] });
  });

  it('in a query may be encoded', async () => {
    expect((await fetch(`${url}/toys/named?name=a%20b+c%F0%9F%98%80`)).status).toBe(200);
  });

  describe('too slowly', () => {
    it('is ended in time', async () => {
      expect(await talk(unfinished('/toys', 10_000))).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
    });

    it('does not matter once it has been answered: the connection is closed', async () => {
      // Nobody takes it, so nothing of it is waited for.
      expect(await talk(unfinished('/nothing', 10_000))).toMatch(/^HTTP\/1\.1 404 [^]*"code":"route_not_found"/);
    });

    it('may still come to its end when it is short, and the connection stays', async () => {
      const socket = dial();
      socket.write(unfinished('/nothing', 0).replace('990000', '60000'));
      await once(socket, 'data');
      socket.write(`${' '.repeat(60_000)}GET /toys/paged HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
    });

    it('is refused for its beginning, and the rest is not waited for', async () => {
      const fields = Array.from({ length: 7_000 }, (_, at) => `"f${at}":1`).join();
      const begun = unfinished('/toys', 0) + `{${fields},"x":1e`;
      expect(await talk(begun)).toMatch(/^HTTP\/1\.1 400 [^]*must not have more than 2000 fields/);
    });

    it('leaves the connection as it is when nothing more comes', async () => {
      for (const path of ['/nothing', '/toys/named?name=%zz']) {
        expect((await fetch(url + path)).headers.get('connection')).not.toBe('close');
      }
    });

    it('is left unread when it is long', async () => {
      const socket = dial();
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write(unfinished('/nothing', 0).replace('990000', '99000000'));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 [^]*\r\nconnection: close\r\n/i);
      // Time for a client that sends before it reads.
      const answered = performance.now();
      // More than the buffers between the two hold.
      const isSent = jest.fn();
      socket.write(' '.repeat(60_000_000), (error) => error ?? isSent());
      await closed;
      expect(isSent).not.toHaveBeenCalled();
      expect(performance.now() - answered).toBeGreaterThan(1_500);
    });

    it('is left unread when most of it has come together with its head', async () => {
      const accepted = once(app.getHttpServer(), 'connection') as Promise<[Socket]>;
      const socket = dial();
      // The client's part of the kernel takes it at once; a server that reads on would have it in the same turn.
      socket.write(unfinished('/nothing', 980_000));
      const [connection] = await accepted;
      await new Promise((resolve) => socket.resume().once('close', resolve));
      expect(connection.bytesRead).toBeLessThanOrEqual(64 * 1024);
    });
  });

  it.each([
    ['without Host', 'GET /toys HTTP/1.1\r\nConnection: close\r\n\r\n', '400 malformed_request'],
    [
      'with an unknown Expect',
      'GET /toys HTTP/1.1\r\nHost: a\r\nExpect: x\r\nConnection: close\r\n\r\n',
      '417 expectation_failed',
    ],
    ['with a control character', 'GET /toys HTTP/1.1\r\nHost: a\r\nIf-Match: a\x01\r\n\r\n', '400 malformed_request'],
    [
      'with too many headers',
      `GET /toys HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      '431 headers_too_large',
    ],
  ])('%s is a problem too', async (_what, request, expected) => {
    const [status, code] = expected.split(' ');
    expect(await talk(request)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*problem\\+json[^]*"code":"${code}"`));
  });
});
