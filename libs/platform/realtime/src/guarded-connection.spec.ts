import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { WebSocket, type ClientOptions } from 'ws';
import { GuardedConnection, type ConnectionBounds, type EngineConnection } from './guarded-connection';
import { BoundedWebSocketServer, HANDSHAKE_BYTES } from './websocket-server';

const BOUNDS: ConnectionBounds = { connectTimeoutMs: 60_000, controlFramesPerSecond: 1, bytesPerSecond: 2 ** 20 };
const CONTROL_BURST = 10;
const POLICY_VIOLATION = 1008;
const TOO_BIG = 1009;

describe('GuardedConnection', () => {
  let http: HttpServer;
  let server: Server;
  let bounds: ConnectionBounds;
  /** Codes of what clients were cut off for: before they were welcomed, and after. */
  let cut: { before: string[]; after: string[] };
  let heard: unknown[];
  let guards: Map<unknown, GuardedConnection>;
  let clients: WebSocket[];

  beforeEach(async () => {
    bounds = BOUNDS;
    cut = { before: [], after: [] };
    [heard, clients, guards] = [[], [], new Map()];
    http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    server = new Server(http, {
      transports: ['websocket'],
      wsEngine: BoundedWebSocketServer,
      maxHttpBufferSize: 2 ** 18,
    });
    server.engine.on('connection', (connection: EngineConnection) => {
      const guard: GuardedConnection = new GuardedConnection(connection, bounds, ({ code }) => {
        cut.before.push(code);
        guard.destroy();
      });
      guards.set(connection, guard);
    });
    server.on('connection', (socket: Socket) => {
      guards.get(socket.conn)!.accept(({ code }) => cut.after.push(code));
      socket.onAny((...parameters: unknown[]) => heard.push(parameters));
    });
  });
  afterEach(async () => {
    for (const client of clients) client.terminate();
    await server.close();
  });

  const open = async (options: ClientOptions = {}): Promise<WebSocket> => {
    const { port } = http.address() as AddressInfo;
    const client = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, options);
    client.on('error', () => undefined);
    clients.push(client);
    await once(client, 'message');
    return client;
  };
  const welcomed = async (): Promise<WebSocket> => {
    const client = await open();
    client.send('40');
    await once(client, 'message');
    return client;
  };
  const closed = async (client: WebSocket): Promise<number> => {
    if (client.readyState === WebSocket.CLOSED) return -1;
    return ((await once(client, 'close')) as [number])[0];
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('waits for CONNECT so long and no longer, and says why', async () => {
    bounds = { ...BOUNDS, connectTimeoutMs: 50 };
    const client = await open();
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([POLICY_VIOLATION, 'No CONNECT packet came in time.']);
    expect(cut).toEqual({ before: [], after: [] });
  });

  it.each([
    ['an event', '42["x"]'],
    ['a Socket.IO packet of no type', '47'],
    ['a message of nothing', '4'],
    ['an empty frame', ''],
    ['a ping of Engine.IO, which is the server’s to send', '2'],
    ['a packet of no type', 'x'],
    ['bytes', Buffer.from('0')],
    ['an acknowledgement', '431[]'],
    ['a disconnection', '41'],
  ])('cuts off a client that begins with %s', async (_what, packet) => {
    const client = await open();
    client.send(packet);
    await closed(client);
    expect(cut).toEqual({ before: ['malformed_packet'], after: [] });
  });

  it('cuts off a client that does not wait for the answer to CONNECT', async () => {
    server.use(() => undefined);
    const client = await open();
    client.send('40');
    client.send('40');
    await closed(client);
    expect(cut.before).toEqual(['malformed_packet']);
  });

  it('hears nothing more of a client that is finished', async () => {
    const client = await welcomed();
    const [guard] = [...guards.values()];
    client.send('42["before"]');
    await until(() => heard.length === 1);
    guard!.finish();
    client.send('42["after"]');
    client.send('40');
    client.ping();
    await once(client, 'pong');
    expect(heard).toEqual([['before']]);
    expect(await closed(client)).toBe(POLICY_VIOLATION);
  });

  const floods: [string, (client: WebSocket) => void][] = [
    ['pings', (client) => client.ping('x'.repeat(125))],
    ['pongs', (client) => client.pong()],
    ['heartbeats', (client) => client.send('3')],
    ['empty packets of Engine.IO', (client) => client.send('6')],
    ['upgrades of Engine.IO', (client) => client.send('5')],
    ['packets that close or open Engine.IO', (client) => client.send(Math.random() < 0.5 ? '0' : '1')],
    ['other namespaces', (client) => client.send(`40/${Math.random()}`)],
  ];
  it.each(floods)('bears a few %s, and cuts off who sends more, before the welcome and after', async (_what, send) => {
    const early = await open();
    for (let sent = 0; sent < CONTROL_BURST; sent += 1) send(early);
    early.send('40');
    await once(early, 'message');
    expect(cut).toEqual({ before: [], after: [] });
    for (let sent = 0; sent < CONTROL_BURST; sent += 1) send(early);
    const other = await open();
    for (let sent = 0; sent < 2 * CONTROL_BURST; sent += 1) send(other);
    await closed(other);
    expect(cut.before).toEqual(['rate_limited']);
    // Of other namespaces socket.io itself asks for what it is told after a CONNECT.
    if (_what !== 'other namespaces') await until(() => cut.after.length > 0);
  });

  it('cuts off who leaves the answers to its pings unread', async () => {
    const client = await welcomed();
    (client as unknown as { _socket: NetSocket })._socket.pause();
    for (let sent = 0; sent < 10_000; sent += 1) client.ping('x'.repeat(125));
    await until(() => cut.after.length > 0);
    expect(cut.after).toEqual(['rate_limited']);
  });

  it('takes long messages only of those it has welcomed', async () => {
    const text = 'x'.repeat(HANDSHAKE_BYTES);
    const stranger = await open();
    stranger.send(`40${JSON.stringify({ text })}`);
    expect(await closed(stranger)).toBe(TOO_BIG);
    const client = await welcomed();
    client.send(`42${JSON.stringify(['long', text.repeat(15)])}`);
    await until(() => heard.length > 0);
    client.send(`42${JSON.stringify(['long', text.repeat(17)])}`);
    expect(await closed(client)).toBe(TOO_BIG);
    expect(heard).toHaveLength(1);
  });

  it('closes a message of many fragments, however short they are', async () => {
    const client = await open();
    for (let sent = 0; sent < 100; sent += 1) client.send('', { fin: false });
    expect(await closed(client)).toBe(POLICY_VIOLATION);
  });

  it('unpacks nothing', async () => {
    const client = await open({ perMessageDeflate: true });
    expect(client.extensions).toBe('');
  });

  it('reads no more bytes a second than agreed, and all of them in the end', async () => {
    bounds = { ...BOUNDS, bytesPerSecond: 200_000 };
    const client = await welcomed();
    const start = performance.now();
    for (let sent = 0; sent < 5; sent += 1) client.send(`42${JSON.stringify(['long', 'x'.repeat(100_000)])}`);
    await until(() => heard.length === 5);
    // A second's worth at once, the third 100 ms or more later, and so on: 300,000 bytes are waited for, but for the last.
    expect(performance.now() - start).toBeGreaterThan(900);
    expect(cut).toEqual({ before: [], after: [] });
  });
});
