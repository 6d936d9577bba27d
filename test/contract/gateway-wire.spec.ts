import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'bson';
import { MongoClient } from 'mongodb';
import { patient } from '#caas/testing';
import { describeGateway, GatewayProcess, opMsg, refusedStart, WireClient } from './gateway.support';

const DATABASE = `gateway_wire_${process.pid}`;

describeGateway('The gateway on the wire', (postgres) => {
  let gateway: GatewayProcess;
  let client: WireClient;
  let bystander: WireClient;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(postgres);
  });
  afterAll(async () => {
    const cleaner = await WireClient.connect(gateway.port);
    await cleaner.command({ dropDatabase: 1, $db: DATABASE });
    cleaner.close();
    await gateway.end();
  });
  beforeEach(async () => {
    [client, bystander] = await Promise.all([WireClient.connect(gateway.port), WireClient.connect(gateway.port)]);
  });
  afterEach(() => {
    client.close();
    bystander.close();
  });

  describe('greeting', () => {
    it('looks like the primary of a replica set of one', async () => {
      const hello = await client.command({ hello: 1, $db: 'admin' });
      expect(hello).toMatchObject({
        isWritablePrimary: true,
        setName: 'caas',
        logicalSessionTimeoutMinutes: 30,
        maxBsonObjectSize: 16_777_216,
        maxMessageSizeBytes: 48_000_000,
        ok: 1,
      });
      expect(hello.hosts).toEqual([hello.me]);
    });

    it('answers OP_QUERY with OP_REPLY, as old drivers greet', async () => {
      const head = Buffer.alloc(20);
      const rest = Buffer.concat([Buffer.from('admin.$cmd\0'), Buffer.alloc(8), serialize({ isMaster: 1 })]);
      head.writeInt32LE(head.length + rest.length, 0);
      head.writeInt32LE(2004, 12);
      client.send(Buffer.concat([head, rest]));
      const reply = await new Promise<Buffer>((resolve) => client.socket.once('data', resolve));
      expect(reply.readInt32LE(12)).toBe(1);
      expect(deserialize(reply.subarray(36))).toMatchObject({ ismaster: true, ok: 1 });
    });

    it('is found by its replica set’s name as well', async () => {
      const found = await MongoClient.connect(`mongodb://127.0.0.1:${gateway.port}/?replicaSet=caas`);
      await expect(found.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
      await found.close();
    });
  });

  describe('framing', () => {
    it('reads a message that comes byte by byte', async () => {
      for (const byte of opMsg({ ping: 1, $db: 'admin' })) {
        client.send(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await expect(client.reply()).resolves.toEqual({ ok: 1 });
    });

    it('answers many messages of one packet in their order', async () => {
      client.send(Buffer.concat(Array.from({ length: 50 }, (_, at) => opMsg({ [`nope${at}`]: 1, $db: 'admin' }))));
      for (let at = 0; at < 50; at += 1) {
        await expect(client.reply()).resolves.toMatchObject({ code: 59, errmsg: `no such command: 'nope${at}'` });
      }
    });

    it('gives no reply to who wants none', async () => {
      client.send(opMsg({ insert: 'quiet', documents: [{ _id: 1 }], $db: DATABASE, writeConcern: { w: 0 } }, 1, 2));
      await expect(client.command({ count: 'quiet', query: { _id: 1 }, $db: DATABASE })).resolves.toMatchObject({
        n: 1,
      });
    });

    it.each([
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
      ['a message longer than 48,000,000 bytes', Buffer.from(Int32Array.of(48_000_001, 1, 0, 2013).buffer)],
      ['a negative length', Buffer.from(Int32Array.of(-5, 1, 0, 2013).buffer)],
      ['an unknown opcode', Buffer.from(Int32Array.of(16, 1, 0, 2012).buffer)],
      ['a wrong checksum', Buffer.concat([withLength(opMsg({ ping: 1 }, 1, 1), 4), Buffer.alloc(4)])],
      ['a body that is no BSON', Buffer.concat([opMsg({ ping: 1 }).subarray(0, 25), Buffer.alloc(11, 0x61)])],
    ])('hangs up on %s, and others do not notice', async (_name, bytes) => {
      client.send(bytes);
      await client.hungUp();
      await expect(bystander.command({ ping: 1, $db: 'admin' })).resolves.toEqual({ ok: 1 });
    });

    it('outlives documents with damaged insides', async () => {
      for (const at of [60, 64, 68, 72, 76, 80]) {
        const broken = await WireClient.connect(gateway.port);
        const bytes = opMsg({ insert: 'broken', documents: [{ _id: at, a: { b: [1, 'two'] } }], $db: DATABASE });
        bytes[at] = 0xff;
        broken.send(bytes);
        await Promise.race([broken.reply().catch(() => undefined), broken.hungUp()]);
        broken.close();
      }
      await expect(bystander.command({ ping: 1, $db: 'admin' })).resolves.toEqual({ ok: 1 });
      await expect(bystander.command({ count: 'nothing', $db: DATABASE })).resolves.toMatchObject({ n: 0, ok: 1 });
    });

    it('takes a document of 16 MB and refuses a larger one', async () => {
      const text = 'x'.repeat(16 * 1024 * 1024 - 100);
      const insert = (id: number, extra: string) =>
        client.command({ insert: 'large', documents: [{ _id: id, text: text + extra }], $db: DATABASE });
      await expect(insert(1, '')).resolves.toMatchObject({ n: 1, ok: 1 });
      await expect(insert(2, 'x'.repeat(200))).resolves.toMatchObject({
        ok: 0,
        code: 2,
        errmsg: expect.stringContaining('larger than MaxDocumentSize 16777216'),
      });
      await expect(
        client.command({ count: 'large', query: { _id: { $gt: 0 } }, $db: DATABASE }),
      ).resolves.toMatchObject({ n: 1 });
    });
  });

  describe('process', () => {
    it('listens on loopback only, unless told otherwise', async () => {
      const { code, stderr } = await refusedStart('--listen', '0.0.0.0:0', '--postgres', new URL(postgres).host);
      expect(code).toBe(1);
      expect(stderr).toContain('--public');
    });

    it.each([['--listen', 'nowhere'], ['--postgres', 'x:99999'], ['--pool', '0'], ['--user', 'ada'], ['--nonsense']])(
      'refuses the options %s %s with a reason',
      async (...options) => {
        const { code, stderr } = await refusedStart(...options);
        expect(code).toBe(1);
        expect(stderr).toContain(options[0]);
      },
    );

    it('ends at once when asked to, after the command at work', async () => {
      const own = await GatewayProcess.start(postgres);
      const last = await WireClient.connect(own.port);
      await last.command({ ping: 1, $db: 'admin' });
      const startedAt = Date.now();
      // In the gateway's hands before the signal: Node reads what has come first.
      last.send(opMsg({ insert: 'last', documents: [{ _id: 1 }], $db: DATABASE }));
      const code = own.end();
      await expect(last.reply()).resolves.toMatchObject({ n: 1 });
      await expect(code).resolves.toBe(0);
      expect(Date.now() - startedAt).toBeLessThan(patient(1_000));
    });
  });

  describe('login', () => {
    let folder: string;
    let locked: GatewayProcess;
    const uri = (user: string, password: string) =>
      `mongodb://${user}:${password}@127.0.0.1:${locked.port}/?directConnection=true&serverSelectionTimeoutMS=3000`;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'gateway-login-'));
      await writeFile(join(folder, 'password'), 'pencil sharpener\n');
      locked = await GatewayProcess.start(postgres, '--user', 'ada', '--password-file', join(folder, 'password'));
    });
    afterAll(async () => {
      await locked.end();
      await rm(folder, { recursive: true });
    });

    it('lets in who knows the password', async () => {
      const ada = await MongoClient.connect(uri('ada', 'pencil%20sharpener'));
      await expect(ada.db(DATABASE).collection('login').countDocuments()).resolves.toBe(0);
      await ada.close();
    });

    it.each([
      ['ada', 'wrong'],
      ['bob', 'pencil%20sharpener'],
    ])('keeps %s with the password %s out', async (user, password) => {
      await expect(MongoClient.connect(uri(user, password))).rejects.toMatchObject({ code: 18 });
    });

    it('tells a stranger nothing but its greeting', async () => {
      const stranger = await WireClient.connect(locked.port);
      await expect(stranger.command({ hello: 1, $db: 'admin' })).resolves.toMatchObject({ ok: 1 });
      for (const command of [{ find: 'a' }, { listDatabases: 1 }, { serverStatus: 1 }, { getMore: 1 }]) {
        await expect(stranger.command({ ...command, $db: 'admin' })).resolves.toMatchObject({ ok: 0, code: 13 });
      }
      stranger.close();
    });
  });
});

/** The same message claiming `more` bytes to come. */
function withLength(message: Buffer, more: number): Buffer {
  message.writeInt32LE(message.length + more, 0);
  return message;
}
