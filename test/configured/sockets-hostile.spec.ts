import { once } from 'node:events';
import { connect } from 'node:net';
import type { WebSocket } from 'ws';
import { ownSystem, patient, waitFor, type TenantSession } from '#caas/testing';
import { RawSocket } from '../support/raw-socket';

const PENDING_PER_ADDRESS = 10;
/** What a kind of client may send in all before the test gives up on its being cut off. */
const MOST_FRAMES = 50_000;
const MAY_GROW_BYTES = 50 * 2 ** 20;

const system = ownSystem({
  logLevel: 'fatal',
  apps: ['api'],
  environment: {
    RATE_LIMITS_FACTOR: '1',
    TRUSTED_PROXIES: '1',
    SOCKET_PENDING_PER_ADDRESS: String(PENDING_PER_ADDRESS),
    SOCKET_CONNECT_TIMEOUT: '1s',
  },
});

/** What a client sends, over and over. */
type Attack = (socket: WebSocket, at: number) => void;

/** None of it is part of a conversation with socket.io, whoever sends it and when. */
const FLOODS: Record<string, Attack> = {
  pings: (socket) => socket.ping('x'.repeat(125)),
  pongs: (socket) => socket.pong('x'.repeat(125)),
  'heartbeats nobody asked for': (socket) => socket.send('3'),
  'packets of Engine.IO that mean nothing': (socket) => socket.send('6'),
  'pings of Engine.IO, which are the server’s to send': (socket) => socket.send('2'),
  'packets of Engine.IO of no type': (socket) => socket.send('9'),
  'packets of Socket.IO of no type': (socket) => socket.send('49'),
  'empty frames': (socket) => socket.send(''),
  'empty binary frames': (socket) => socket.send(Buffer.alloc(0)),
  'binary frames': (socket) => socket.send(Buffer.alloc(1_000)),
  'binary frames in base64': (socket) => socket.send(`b${'A'.repeat(1_000)}`),
  'other namespaces': (socket, at) => socket.send(`40/${at}`),
  acknowledgements: (socket, at) => socket.send(`43${at}[]`),
  'events of other namespaces': (socket) => socket.send('42/other,1["sync",{}]'),
  'a message of fragments without end': (socket) => socket.send('4', { fin: false }),
  'a message of empty fragments without end': (socket) => socket.send('', { fin: false }),
  'a message that says it is compressed': (socket) => sendCompressed(socket),
  'too long a message': (socket) => socket.send('4'.repeat(300_000)),
};

/** A frame with RSV1, as of permessage-deflate, which nobody agreed on. */
function sendCompressed(socket: WebSocket): void {
  const { _sender: sender } = socket as unknown as { _sender: { sendFrame(list: Buffer[]): void } };
  sender.sendFrame([Buffer.from([0xc1, 0x80, 0, 0, 0, 0])]);
}

describe('Hostile sockets', () => {
  let tenant: TenantSession;
  let other: TenantSession;
  beforeAll(async () => {
    [tenant, other] = [await system.tenant('free'), await system.tenant('free')];
    await tenant.users('anna', 'ben');
    await other.users('anna', 'ben');
  });

  /** Runs `attack` while a user of another tenant goes on; the api bears it. */
  async function beside<T>(attack: () => Promise<T>): Promise<T> {
    const honest = await other.socket('anna');
    const before = await system.residentBytes(0);
    let [isOver, answered, highest] = [false, 0, before];
    const goOn = async () => {
      while (!isOver) {
        expect(await honest.send('presence.get', { external_ids: ['ben'] })).toMatchObject({ ok: true });
        answered += 1;
        highest = Math.max(highest, await system.residentBytes(0));
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    };
    const going = goOn();
    try {
      return await attack();
    } finally {
      isOver = true;
      await going;
      expect(answered).toBeGreaterThan(0);
      expect(honest.disconnectedBecause).toBeNull();
      expect(highest - before).toBeLessThan(MAY_GROW_BYTES);
      honest.socket.disconnect();
    }
  }

  const fromAddress = (address: string) => ({ headers: { 'x-forwarded-for': address } });

  describe('before the welcome, when neither tenant nor placement is known', () => {
    it.each(Object.entries(FLOODS))('are cut off for %s', async (_what, attack) => {
      await beside(async () => {
        const sockets = await Promise.all(Array.from({ length: 3 }, () => RawSocket.open(tenant.urlOf(0))));
        sockets[0]!.goDeaf();
        for (const each of sockets) expect(await each.flood(attack, MOST_FRAMES)).toBe(true);
      });
    });

    it('are cut off for a message that is no CONNECT, for two of them, and for one that is too long', async () => {
      const firsts = ['42["message.send",{}]', '41', '40', '431[]', '451-["x",{"_placeholder":true,"num":0}]'];
      for (const first of firsts) {
        const raw = await RawSocket.open(tenant.urlOf(0));
        raw.socket.send(first);
        raw.socket.send('40{}');
        await waitFor('it is closed', 5_000, () => raw.closedWith !== null);
      }
      const raw = await RawSocket.open(tenant.urlOf(0));
      raw.socket.send(`40${JSON.stringify({ token: 'x'.repeat(20_000) })}`);
      await waitFor('it is closed', 5_000, () => raw.closedWith === 1009);
    });

    it('are closed when they send nothing, or nothing more once they were refused', async () => {
      const silent = await RawSocket.open(tenant.urlOf(0));
      const refused = await RawSocket.open(tenant.urlOf(0));
      await expect(refused.welcomeAs('nonsense')).rejects.toThrow('token_invalid');
      await waitFor('both are closed', 10_000, () => silent.closedWith !== null && refused.closedWith !== null);
      expect([silent.closedWith, refused.closedWith]).toEqual([1008, 1008]);
    });

    it('wait in bounded number for each address, an IPv6 /64 being one, and leave other addresses alone', async () => {
      const [first, ...more] = Array.from({ length: 3 * PENDING_PER_ADDRESS }, (_, at) =>
        fromAddress(`2001:db8:0:1::${at.toString(16)}`),
      );
      await RawSocket.open(tenant.urlOf(0), first);
      const opened = await Promise.allSettled(more.map((options) => RawSocket.open(tenant.urlOf(0), options)));
      const refused = opened.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
      expect(refused).toHaveLength(2 * PENDING_PER_ADDRESS);
      for (const reason of refused) expect(reason).toContain('429');
      // An honest user of another network, whose tenant is the same or another one.
      await Promise.all([tenant.socket('ben'), other.socket('ben')]);
      await RawSocket.open(tenant.urlOf(0), fromAddress('2001:db8:0:2::1'));
      await waitFor('there is room again', 10_000, () =>
        RawSocket.open(tenant.urlOf(0), first).then(Boolean, () => false),
      );
    });

    it('come and go by the thousand, and cost nobody anything', async () => {
      await beside(async () => {
        for (let turn = 0; turn < 20; turn += 1) {
          const attempts = Array.from({ length: 50 }, (_, at) =>
            RawSocket.open(tenant.urlOf(0), fromAddress(`203.0.113.${at % 5}`)),
          );
          for (const attempt of await Promise.allSettled(attempts)) {
            if (attempt.status === 'fulfilled') attempt.value.socket.terminate();
          }
        }
      });
    });
  });

  describe('handshakes that no client of socket.io makes', () => {
    const WEBSOCKET = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-version': '13',
    };
    const PATH = '/realtime/?EIO=4&transport=websocket';

    async function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number> {
      const { port } = new URL(system.urls[0]!);
      const socket = connect(Number(port), '127.0.0.1');
      const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
      socket.setTimeout(patient(5_000), () => socket.destroy());
      const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [Buffer | boolean];
      socket.destroy();
      return Buffer.isBuffer(answer) ? Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1]) : 0;
    }

    it.each<[string, number, string, string, Record<string, string>]>([
      ['an honest one', 101, 'GET', PATH, WEBSOCKET],
      ['no EIO', 400, 'GET', '/realtime/?transport=websocket', WEBSOCKET],
      ['EIO 3', 400, 'GET', '/realtime/?EIO=3&transport=websocket', WEBSOCKET],
      ['EIO twice', 400, 'GET', `${PATH}&EIO=3`, WEBSOCKET],
      ['no transport', 400, 'GET', '/realtime/?EIO=4', WEBSOCKET],
      ['another transport', 400, 'GET', '/realtime/?EIO=4&transport=webtransport', WEBSOCKET],
      ['a transport of the prototype', 400, 'GET', '/realtime/?EIO=4&transport=constructor', WEBSOCKET],
      ['polling', 400, 'GET', '/realtime/?EIO=4&transport=polling', {}],
      ['polling by POST', 400, 'POST', '/realtime/?EIO=4&transport=polling', { 'content-length': '0' }],
      ['polling by upgrade', 400, 'GET', '/realtime/?EIO=4&transport=polling', WEBSOCKET],
      ['a session that is not', 400, 'GET', `${PATH}&sid=none`, WEBSOCKET],
      ['a session of the prototype', 400, 'GET', `${PATH}&sid=__proto__`, WEBSOCKET],
      ['no upgrade', 400, 'GET', PATH, {}],
      ['an upgrade to something else', 400, 'GET', PATH, { ...WEBSOCKET, upgrade: 'h2c' }],
      ['an upgrade by POST', 400, 'POST', PATH, { ...WEBSOCKET, 'content-length': '0' }],
      ['no key', 400, 'GET', PATH, { ...WEBSOCKET, 'sec-websocket-key': '' }],
      ['a short key', 400, 'GET', PATH, { ...WEBSOCKET, 'sec-websocket-key': 'abc' }],
      ['another version', 400, 'GET', PATH, { ...WEBSOCKET, 'sec-websocket-version': '99' }],
      ['no subprotocol between commas', 400, 'GET', PATH, { ...WEBSOCKET, 'sec-websocket-protocol': ',' }],
      ['bytes that are no percent-encoding', 400, 'GET', '/realtime/?%E0%A4%A&EIO=3&%', WEBSOCKET],
      ['another path', 404, 'GET', '/elsewhere', WEBSOCKET],
      ['a path like ours', 404, 'GET', '/realtimes/?EIO=4&transport=websocket', WEBSOCKET],
      ['a long query', 431, 'GET', `${PATH}&x=${'x'.repeat(40_000)}`, WEBSOCKET],
      ['a long header', 431, 'GET', PATH, { ...WEBSOCKET, 'x-long': 'x'.repeat(40_000) }],
      ['a forwarded address of nonsense', 101, 'GET', PATH, { ...WEBSOCKET, 'x-forwarded-for': ',,]:%00[::,' }],
    ])('%s: %i', async (_what, status, method, path, headers) => {
      expect(await statusOf(method, path, headers)).toBe(status);
    });

    it('a session of somebody else is not taken over, nor one’s own opened twice', async () => {
      const raw = await RawSocket.open(tenant.urlOf(0));
      const { sid } = JSON.parse(raw.frames[0]!.slice(1)) as { sid: string };
      expect(await statusOf('GET', `${PATH}&sid=${sid}`, WEBSOCKET)).toBe(400);
      raw.socket.terminate();
    });

    it('leave the api as it was', async () => {
      expect((await system.platform.get('/health/live')).status).toBe(200);
      await tenant.socket('anna');
    });
  });

  describe('after the welcome', () => {
    /** Each is a user of their own: who is cut off for a flood is kept out for some seconds. */
    const userOf = (at: number) => `hostile-${at}`;
    const welcome = async (at: number): Promise<RawSocket> => {
      await tenant.users(userOf(at));
      const raw = await RawSocket.open(tenant.urlOf(0), fromAddress(`198.51.100.${at}`));
      return raw.welcomeAs(await tenant.token(userOf(at)));
    };

    it('are cut off for each of the floods, and told why where they can be', async () => {
      const names = Object.keys(FLOODS);
      // All are in before the first flood: a welcome that the floods of others hold up is closed for its own lateness.
      const sockets = await Promise.all(names.map((_name, at) => welcome(at)));
      const told = await beside(() =>
        Promise.all(
          names.map(async (name, at): Promise<[string, string | null]> => {
            const raw = sockets[at]!;
            expect([name, await raw.flood(FLOODS[name]!, MOST_FRAMES)]).toEqual([name, true]);
            await waitFor(`${name}: it is closed`, 10_000, () => raw.closedWith !== null);
            return [name, raw.cutFor];
          }),
        ),
      );
      expect(Object.fromEntries(told)).toEqual({
        pings: 'rate_limited',
        pongs: 'rate_limited',
        'heartbeats nobody asked for': 'rate_limited',
        'packets of Engine.IO that mean nothing': 'rate_limited',
        'pings of Engine.IO, which are the server’s to send': 'malformed_packet',
        'packets of Engine.IO of no type': 'malformed_packet',
        'packets of Socket.IO of no type': 'malformed_packet',
        'empty frames': 'malformed_packet',
        'empty binary frames': 'rate_limited',
        'binary frames': 'rate_limited',
        'binary frames in base64': 'rate_limited',
        'other namespaces': 'rate_limited',
        acknowledgements: 'rate_limited',
        'events of other namespaces': 'malformed_packet',
        // The close frame says it: 1008, 1002 and 1009.
        'a message of fragments without end': null,
        'a message of empty fragments without end': null,
        'a message that says it is compressed': null,
        'too long a message': null,
      });
    });

    it('are cut off for pings whose answers they leave unread', async () => {
      const raw = await welcome(50);
      raw.goDeaf();
      await beside(async () => expect(await raw.flood(FLOODS.pings!, 10 * MOST_FRAMES)).toBe(true));
    });

    it('are cut off for a flood of messages of no name, most of them unread', async () => {
      const raw = await welcome(51);
      const attack: Attack = (socket, at) => socket.send(`42${at}[${at}]`);
      await beside(async () => {
        // Ten times the limit for five seconds on end is what it takes, as with messages that have a name.
        for (let at = 0; raw.closedWith === null; at += 1) {
          if (at % 300 === 0) await new Promise((resolve) => setTimeout(resolve, 100));
          attack(raw.socket, at);
        }
      });
      expect(raw.cutFor).toBe('rate_limited');
      expect(raw.answerTo(0)).toMatchObject({ ok: false, error: { status: 400, code: 'unknown_message' } });
    });

    it('are closed once they leave the namespace, and do not come back on the same connection', async () => {
      const raw = await welcome(52);
      const token = await tenant.token(userOf(52));
      raw.socket.send('41');
      for (let at = 0; at < 100; at += 1) raw.socket.send(`40${JSON.stringify({ token })}`);
      await waitFor('it is closed', 10_000, () => raw.closedWith !== null);
      expect(raw.frames.filter((frame) => frame.startsWith('40'))).toHaveLength(1);
    });

    it('keep nobody of their tenant out, nor the users of another', async () => {
      const raw = await welcome(53);
      expect(await raw.flood(FLOODS.pings!, MOST_FRAMES)).toBe(true);
      await Promise.all([tenant.socket('anna'), other.socket('anna')]);
      await expect(
        RawSocket.open(tenant.urlOf(0)).then(async (again) => again.welcomeAs(await tenant.token(userOf(53)))),
      ).rejects.toThrow('rate_limited');
    });
  });

  describe('odd messages', () => {
    let raw: RawSocket;
    beforeAll(async () => {
      await tenant.users('odd');
      raw = await (
        await RawSocket.open(tenant.urlOf(0), fromAddress('192.0.2.1'))
      ).welcomeAs(await tenant.token('odd'));
    });

    const NAMES = [
      7,
      1.5,
      -1,
      null,
      true,
      {},
      [],
      ['sync'],
      '',
      ' ',
      'with space',
      'Zoë',
      'x'.repeat(65),
      'x'.repeat(60_000),
    ];
    const RESERVED = ['connect', 'connect_error', 'connection', 'disconnect', 'disconnecting', 'error', 'newListener'];
    const PROTOTYPE = [
      'removeListener',
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      'names',
    ];
    let id = 0;
    const answerTo = async (parameters: string): Promise<unknown> => {
      // As fast as one may send.
      await new Promise((resolve) => setTimeout(resolve, 20));
      id += 1;
      raw.socket.send(`42${id}${parameters}`);
      return waitFor(`the answer to ${parameters.slice(0, 80)}`, 5_000, () => raw.answerTo(id));
    };
    const refusal = (status: number, code: string) => ({ ok: false, error: { status, code } });

    it('of a name that is none are a 400', async () => {
      for (const name of [...NAMES, ...RESERVED, ...PROTOTYPE]) {
        const answer = await answerTo(JSON.stringify([name, {}]));
        expect([name, answer]).toMatchObject([name, refusal(400, 'unknown_message')]);
      }
    });

    it.each(['null', '5', '"text"', '[]', '[{}]', 'true'])(
      'with the payload %s are a 400, or a 401',
      async (payload) => {
        expect(await answerTo(`["message.send",${payload}]`)).toMatchObject(refusal(400, 'validation_failed'));
        expect(await answerTo(`["session.renew",${payload}]`)).toMatchObject(refusal(400, 'validation_failed'));
      },
    );

    it.each([
      '["message.send",{]',
      '["message.send"',
      '["message.send",{}',
      '[',
      '["a\u0000b"',
      '["message.send",{"text":}]',
    ])('that are no JSON are a 400: %s', async (text) => {
      expect(await answerTo(text)).toMatchObject({ ok: false, error: { status: 400 } });
    });

    it('without a payload, or with one too many, are answered as any', async () => {
      expect(await answerTo('["message.send"]')).toMatchObject(refusal(400, 'validation_failed'));
      expect(await answerTo('["presence.get",{"external_ids":["ben"]},{},"more"]')).toMatchObject({ ok: true });
    });

    it('with attachments are a 400, and nothing waits for those that never come', async () => {
      raw.socket.send('451-9001["message.send",{"_placeholder":true,"num":0}]');
      expect(await waitFor('the answer', 5_000, () => raw.answerTo(9001))).toMatchObject(
        refusal(400, 'validation_failed'),
      );
      expect(await answerTo('["presence.get",{"external_ids":["ben"]}]')).toMatchObject({ ok: true });
    });

    it('that nest deeper than any of ours are a 400', async () => {
      const nested = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
      const answer = await answerTo(`["message.send",{"metadata":${nested}}]`);
      expect(answer).toMatchObject({ ok: false, error: { status: 400 } });
    });

    it('that nobody waits for the answer to do no harm', async () => {
      for (const name of [...NAMES, ...RESERVED, 'message.send']) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        raw.socket.send(`42${JSON.stringify([name, null])}`);
      }
      expect(await answerTo('["presence.get",{"external_ids":["ben"]}]')).toMatchObject({ ok: true });
      expect(raw.closedWith).toBeNull();
    });

    it('of broken JSON that nobody waits for end the connection, which is told why', async () => {
      raw.socket.send('42["message.send",{]');
      await waitFor('it is closed', 10_000, () => raw.closedWith !== null);
      expect(raw.cutFor).toBe('malformed_packet');
    });
  });
});
