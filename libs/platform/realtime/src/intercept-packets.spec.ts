import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as ClientSocket } from 'socket.io-client';
import { CaasError } from '#caas/kernel';
import { interceptPackets, kindOf, type UnreadPacket } from './intercept-packets';
import { RejectionBatcher } from './rejection-batcher';

const gate = {
  isShut: () => true,
  refusal: () => new CaasError('too_many', 'rate_limited', 'Too fast.', [], { retryAfterSeconds: 1 }),
};

describe('kindOf', () => {
  it.each<[unknown, UnreadPacket]>([
    ['2["message.send",{"text":"x"}]', { kind: 'event', event: 'message.send', id: '' }],
    ['217["sync"]', { kind: 'event', event: 'sync', id: '17' }],
    ['21[ "sync" , {}]', { kind: 'event', event: 'sync', id: '1' }],
    ['21[7]', { kind: 'event', event: undefined, id: '1' }],
    ['21["with space"]', { kind: 'event', event: undefined, id: '1' }],
    ['21["sync', { kind: 'event', event: undefined, id: '1' }],
    ['21[', { kind: 'event', event: undefined, id: '1' }],
    ['51-3["x",{"_placeholder":true,"num":0}]', { kind: 'binary-event', id: '3' }],
    [Buffer.from('x'), { kind: 'attachment' }],
    ['31[]', { kind: 'acknowledgement' }],
    ['61-1[]', { kind: 'acknowledgement' }],
    ['0/elsewhere,', { kind: 'connect' }],
    ['1', { kind: 'disconnect' }],
    ['0', { kind: 'unknown' }],
    ['2/elsewhere,1["sync"]', { kind: 'unknown' }],
    ['21{"sync":1}', { kind: 'unknown' }],
    ['21234567890123456["sync"]', { kind: 'unknown' }],
    ['4{"message":"x"}', { kind: 'unknown' }],
    ['7', { kind: 'unknown' }],
    ['', { kind: 'unknown' }],
    [undefined, { kind: 'unknown' }],
  ])('of %j is %j', (packet, kind) => expect(kindOf(packet)).toEqual(kind));
});

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

  it('shows what has come, and lets through what is not done with', async () => {
    const seen: UnreadPacket[] = [];
    interceptPackets(socket, { isDone: (packet) => seen.push(packet) < 0, unreadable: () => undefined });
    expect(await client.emitWithAck('message.send', { text: '["x"]' })).toBe('heard');
    expect(await client.emitWithAck('with "quotes"', 1)).toBe('heard');
    expect(await client.emitWithAck('of bytes', Buffer.from('x'))).toBe('heard');
    expect(seen).toEqual([
      { kind: 'event', event: 'message.send', id: '0' },
      { kind: 'event', event: undefined, id: '1' },
      { kind: 'binary-event', id: '2' },
      { kind: 'attachment' },
    ]);
  });

  it('says what cannot be read, and goes on', async () => {
    const unreadable: UnreadPacket[] = [];
    interceptPackets(socket, { isDone: () => false, unreadable: (packet) => unreadable.push(packet) });
    (client.io.engine as unknown as { write(text: string): void }).write('21["message.send",{]');
    expect(await client.emitWithAck('other', {})).toBe('heard');
    expect(unreadable).toEqual([{ kind: 'event', event: 'message.send', id: '1' }]);
  });

  it('answers each of what is refused unread, some at a time, with one refusal', async () => {
    const inFlight = { begin: jest.fn(), end: jest.fn() };
    const rejections = new RejectionBatcher(socket.conn, inFlight);
    const parse = jest.spyOn(JSON, 'parse');
    interceptPackets(socket, {
      isDone: (packet) => {
        if (packet.kind !== 'event' || packet.event !== 'message.send') return false;
        if (packet.id) rejections.add(packet.id, gate);
        return true;
      },
      unreadable: () => undefined,
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
    expect(inFlight.begin.mock.calls.length).toBe(inFlight.end.mock.calls.length);
  });
});
