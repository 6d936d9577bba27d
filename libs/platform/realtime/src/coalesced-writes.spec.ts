import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket as TcpSocket } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { io, type Socket as ClientSocket } from 'socket.io-client';
import { coalesceWrites } from './coalesced-writes';

describe('coalesceWrites', () => {
  let http: HttpServer;
  let server: Server;
  let client: ClientSocket;
  let socket: Socket;
  beforeEach(async () => {
    http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    server = new Server(http, { transports: ['websocket'] });
    coalesceWrites(server);
    const connected = once(server, 'connection') as Promise<[Socket]>;
    client = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports: ['websocket'] });
    [socket] = await connected;
  });
  afterEach(async () => {
    client.disconnect();
    await server.close();
  });

  /** What the process writes to the client's connection, each as it leaves. */
  const writes = () => {
    const { _socket: stream } = (socket.conn.transport as unknown as { socket: { _socket: TcpSocket } }).socket;
    return jest.spyOn(stream, '_writev' as never);
  };
  const received = (count: number) =>
    new Promise<number[]>((resolve) => {
      const numbers: number[] = [];
      client.on('number', (value: number) => numbers.push(value) === count && resolve(numbers));
    });

  it('sends what one turn has for a client in one write, and all of it in order', async () => {
    const written = writes();
    const numbers = received(40);
    for (let value = 0; value < 20; value += 1) server.local.emit('number', value);
    for (let value = 20; value < 40; value += 1) socket.emit('number', value);
    expect(await numbers).toEqual(Array.from({ length: 40 }, (_, value) => value));
    expect(written).toHaveBeenCalledTimes(1);
  });

  it('lets what was said before a disconnection arrive before it', async () => {
    const numbers = received(2);
    const gone = new Promise((resolve) => client.on('disconnect', resolve));
    socket.emit('number', 1);
    socket.emit('number', 2);
    socket.disconnect(true);
    expect(await numbers).toEqual([1, 2]);
    await gone;
  });
});
