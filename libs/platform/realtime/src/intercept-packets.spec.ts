import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as ClientSocket } from 'socket.io-client';
import { CaasError } from '#caas/kernel';
import { RejectionBatcher } from './rejection-batcher';
import { interceptPackets, type Unread } from './intercept-packets';

const gate = {
  isShut: () => true,
  refusal: () => new CaasError('too_many', 'rate_limited', 'Too fast.', [], { retryAfterSeconds: 1 }),
};

describe('interceptPackets', () => {
  let http: HttpServer;
  let server: Server;
  let client: ClientSocket;
  let socket: Socket;
  beforeEach(async () => {
    http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    server = new Server(http, { transports: ['websocket'] });
    const connected = once(server, 'connection') as Promise<[Socket]>;
    client = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports: ['websocket'] });
    [socket] = await connected;
    socket.onAny((...args: unknown[]) => (args.at(-1) as (answer: unknown) => void)('heard'));
  });
  afterEach(async () => {
    client.disconnect();
    await server.close();
  });

  it('shows name and id of what has come, and lets through what is not done with', async () => {
    const seen: Unread[] = [];
    interceptPackets(socket, (packet) => seen.push(packet) < 0);
    expect(await client.emitWithAck('message.send', { text: '["x"]' })).toBe('heard');
    expect(await client.emitWithAck('with "quotes"', 1)).toBe('heard');
    expect(await client.emitWithAck('of bytes', Buffer.from('x'))).toBe('heard');
    expect(seen).toEqual([{ event: 'message.send', id: '0' }, {}, {}, {}]);
  });

  it('answers each of what is refused unread, some at a time, with one refusal', async () => {
    const underWay = { begin: jest.fn(), end: jest.fn() };
    const rejections = new RejectionBatcher(socket.conn, underWay);
    const parse = jest.spyOn(JSON, 'parse');
    interceptPackets(socket, ({ event, id }) => {
      if (event !== 'message.send') return false;
      if (id) rejections.add(id, gate);
      return true;
    });
    const sent = Array.from({ length: 50 }, () => client.emitWithAck('message.send', { text: 'marked' }));
    expect(await client.emitWithAck('other', {})).toBe('heard');
    client.emit('message.send', { text: 'marked, nobody waits' });
    const answers = (await Promise.all(sent)) as { ok: boolean; error: { request_id: string } }[];
    for (const answer of answers) {
      expect(answer).toMatchObject({ ok: false, error: { status: 429, code: 'rate_limited', retry_after: 1 } });
    }
    expect(parse.mock.calls.filter(([text]) => text.includes('marked'))).toEqual([]);
    expect(new Set(answers.map(({ error }) => error.request_id)).size).toBeLessThan(5);
    expect(underWay.begin.mock.calls.length).toBe(underWay.end.mock.calls.length);
  });
});
