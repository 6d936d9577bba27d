import { randomUUID } from 'node:crypto';
import { Long, UUID } from 'bson';
import { describeGateway, GatewayProcess, opMsg, WireClient } from './gateway.support';

type Fields = Record<string, unknown>;
const DATABASE = `gateway_retries_${process.pid}`;

/** One driver session: what it sends carries its id and the number of its write or transaction. */
function session() {
  const lsid = { id: new UUID(randomUUID()) };
  const numbered = (number: number, command: Fields): Fields => ({
    ...command,
    $db: DATABASE,
    lsid,
    txnNumber: Long.fromNumber(number),
  });
  return {
    write: numbered,
    inTransaction: (number: number, command: Fields, starts = false): Fields => ({
      ...numbered(number, command),
      autocommit: false,
      ...(starts ? { startTransaction: true } : {}),
    }),
    end: (number: number, how: 'commitTransaction' | 'abortTransaction'): Fields => ({
      ...numbered(number, { [how]: 1 }),
      $db: 'admin',
      autocommit: false,
    }),
  };
}

describeGateway('The gateway when a client asks twice', (postgres) => {
  let first: GatewayProcess;
  let second: GatewayProcess;
  let client: WireClient;
  let other: WireClient;

  /** Counted one by one: the engine answers `count` of everything from its statistics. */
  const count = async (collection: string) => (await find(collection, {})).length;
  const find = async (collection: string, filter: Fields) => {
    const reply = await other.command({ find: collection, filter, $db: DATABASE });
    return (reply.cursor as { firstBatch: Fields[] }).firstBatch;
  };

  beforeAll(async () => {
    [first, second] = await Promise.all([GatewayProcess.start(postgres), GatewayProcess.start(postgres)]);
    [client, other] = await Promise.all([WireClient.connect(first.port), WireClient.connect(second.port)]);
  });
  afterAll(async () => {
    await expect(other.command({ dropDatabase: 1, $db: DATABASE })).resolves.toEqual({ dropped: DATABASE, ok: 1 });
    client.close();
    other.close();
    await Promise.all([first.end(), second.end()]);
  });

  describe.each([
    ['the same gateway', () => client],
    ['another gateway, as after a restart', () => other],
  ])('a write again on %s', (_name, retryOn) => {
    it('inserts a document without _id once', async () => {
      const { write } = session();
      const name = `insert_${randomUUID()}`;
      const command = write(1, { insert: name, documents: [{ text: 'hello' }] });
      const replies = [await client.command(command), await retryOn().command(command)];
      expect(replies).toEqual([
        { n: 1, ok: 1 },
        { n: 1, ok: 1 },
      ]);
      await expect(count(name)).resolves.toBe(1);
    });

    it('increments once', async () => {
      const { write } = session();
      const name = `update_${randomUUID()}`;
      await client.command({ insert: name, documents: [{ _id: 1, n: 0 }], $db: DATABASE });
      const command = write(1, { update: name, updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }] });
      const reply = await client.command(command);
      await expect(retryOn().command(command)).resolves.toEqual(reply);
      await expect(find(name, {})).resolves.toEqual([{ _id: 1, n: 1 }]);
    });

    it('deletes one of many once', async () => {
      const { write } = session();
      const name = `delete_${randomUUID()}`;
      await client.command({ insert: name, documents: [{}, {}, {}], $db: DATABASE });
      const command = write(1, { delete: name, deletes: [{ q: {}, limit: 1 }] });
      const reply = await client.command(command);
      await expect(retryOn().command(command)).resolves.toEqual(reply);
      await expect(count(name)).resolves.toBe(2);
    });

    it('gives a findAndModify the document it gave before', async () => {
      const { write } = session();
      const name = `modify_${randomUUID()}`;
      const command = write(1, {
        findAndModify: name,
        query: { _id: 1 },
        update: { $inc: { n: 1 } },
        upsert: true,
        new: true,
      });
      const reply = await client.command(command);
      expect(reply.value).toEqual({ _id: 1, n: 1 });
      await expect(retryOn().command(command)).resolves.toEqual(reply);
      await expect(find(name, {})).resolves.toEqual([{ _id: 1, n: 1 }]);
    });

    it('repeats what went wrong in part of a batch, and does not try it again', async () => {
      const { write } = session();
      const name = `batch_${randomUUID()}`;
      const documents = [{ _id: 1 }, { _id: 1 }, { n: 1 }];
      const command = write(1, { insert: name, documents, ordered: false });
      const reply = await client.command(command);
      expect(reply).toMatchObject({ n: 2, writeErrors: [{ index: 1, code: 11_000 }] });
      await expect(retryOn().command(command)).resolves.toEqual(reply);
      await expect(count(name)).resolves.toBe(2);
    });

    it('refuses a write that is older than the session’s last', async () => {
      const { write } = session();
      const name = `old_${randomUUID()}`;
      const at = (number: number) => write(number, { insert: name, documents: [{}] });
      await client.command(at(5));
      await expect(retryOn().command(at(4))).resolves.toMatchObject({
        ok: 0,
        code: 225,
        codeName: 'TransactionTooOld',
      });
      await expect(count(name)).resolves.toBe(1);
    });

    it('commits once, and says so again', async () => {
      const { inTransaction, end } = session();
      const name = `commit_${randomUUID()}`;
      await client.command({ create: name, $db: DATABASE });
      await client.command(inTransaction(1, { insert: name, documents: [{ n: 1 }] }, true));
      await expect(client.command(end(1, 'commitTransaction'))).resolves.toEqual({ ok: 1 });
      await expect(retryOn().command(end(1, 'commitTransaction'))).resolves.toEqual({ ok: 1 });
      await expect(count(name)).resolves.toBe(1);
    });

    it('does not confirm a commit that never was', async () => {
      const { inTransaction, end } = session();
      const name = `never_${randomUUID()}`;
      await client.command({ create: name, $db: DATABASE });
      await client.command(inTransaction(1, { insert: name, documents: [{ n: 1 }] }, true));
      await client.command(end(1, 'abortTransaction'));
      await expect(retryOn().command(end(1, 'commitTransaction'))).resolves.toMatchObject({
        ok: 0,
        code: 251,
        errorLabels: ['TransientTransactionError'],
      });
      await expect(count(name)).resolves.toBe(0);
    });
  });

  it('inserts each once when many share a commit and all are sent again', async () => {
    const name = `together_${randomUUID()}`;
    const commands = Array.from({ length: 40 }, (_, n) => session().write(1, { insert: name, documents: [{ n }] }));
    const clients = await Promise.all(commands.map(() => WireClient.connect(first.port)));
    const send = (on: (at: number) => WireClient) =>
      Promise.all(commands.map((command, at) => on(at).command(command)));
    const replies = [...(await send((at) => clients[at]!)), ...(await send((at) => clients[at]!))];
    expect(new Set(replies.map((reply) => JSON.stringify(reply)))).toEqual(new Set(['{"n":1,"ok":1}']));
    await expect(count(name)).resolves.toBe(40);
    for (const command of commands) await expect(other.command(command)).resolves.toEqual({ n: 1, ok: 1 });
    await expect(count(name)).resolves.toBe(40);
    for (const each of clients) each.close();
  });

  it('tells only the client whose document is in the way, when many share a commit', async () => {
    const name = `apart_${randomUUID()}`;
    await client.command({ insert: name, documents: [{ _id: 7 }], $db: DATABASE });
    const clients = await Promise.all(Array.from({ length: 20 }, () => WireClient.connect(first.port)));
    const replies = await Promise.all(
      clients.map((each, at) => each.command(session().write(1, { insert: name, documents: [{ _id: at }] }))),
    );
    expect(replies.map((reply) => reply.n)).toEqual(clients.map((_, at) => (at === 7 ? 0 : 1)));
    expect(replies[7]).toMatchObject({
      writeErrors: [{ index: 0, code: 11_000, keyPattern: { _id: 1 }, keyValue: { _id: 7 } }],
    });
    await expect(count(name)).resolves.toBe(20);
    for (const each of clients) each.close();
  });

  it('does a write once though the gateway is killed before it could answer', async () => {
    const name = `killed_${randomUUID()}`;
    await client.command({ insert: name, documents: [{ _id: 1, n: 0 }], $db: DATABASE });
    for (let round = 1; round <= 8; round += 1) {
      const doomed = await GatewayProcess.start(postgres);
      const sender = await WireClient.connect(doomed.port);
      const command = session().write(1, { update: name, updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }] });
      sender.send(opMsg(command));
      await new Promise((resolve) => setTimeout(resolve, round));
      await doomed.end('SIGKILL');
      await expect(other.command(command)).resolves.toMatchObject({ n: 1, nModified: 1 });
      await expect(find(name, {})).resolves.toEqual([{ _id: 1, n: round }]);
      sender.close();
    }
  });

  it('lets the later of two transactions on one document start over', async () => {
    const name = `conflict_${randomUUID()}`;
    await client.command({ insert: name, documents: [{ _id: 1, n: 0 }], $db: DATABASE });
    const [one, two] = [session(), session()];
    const increment = { update: name, updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }] };
    await client.command(one.inTransaction(1, increment, true));
    await expect(other.command(two.inTransaction(1, increment, true))).resolves.toMatchObject({
      ok: 0,
      code: 112,
      errorLabels: ['TransientTransactionError'],
    });
    await client.command(one.end(1, 'commitTransaction'));
    await expect(find(name, {})).resolves.toEqual([{ _id: 1, n: 1 }]);
  });

  it.each([
    ['a duplicate', { insert: 'aborted', documents: [{ _id: 1 }, { _id: 1 }] }, 11_000],
    ['a bad operator', { update: 'aborted', updates: [{ q: {}, u: { $nonsense: 1 } }] }, expect.any(Number)],
  ])('aborts a transaction on %s at once, and frees its locks', async (_name, command, code) => {
    await other.command({ insert: 'aborted', documents: [{ _id: 5, n: 0 }], ordered: false, $db: DATABASE });
    const { inTransaction, end } = session();
    const locks = { update: 'aborted', updates: [{ q: { _id: 5 }, u: { $inc: { n: 1 } } }] };
    await client.command(inTransaction(1, locks, true));
    const failed = await client.command(inTransaction(1, command));
    const [writeError] = (failed.writeErrors ?? [failed]) as Fields[];
    expect(writeError).toMatchObject({ code });
    await expect(other.command({ ...locks, $db: DATABASE, maxTimeMS: 3_000 })).resolves.toMatchObject({ n: 1, ok: 1 });
    await expect(client.command(end(1, 'commitTransaction'))).resolves.toMatchObject({ ok: 0, code: 251 });
  });

  it('hides a transaction’s writes until it commits, and takes them back when it aborts', async () => {
    const name = `hidden_${randomUUID()}`;
    await client.command({ create: name, $db: DATABASE });
    const { inTransaction, end } = session();
    await client.command(inTransaction(1, { insert: name, documents: [{ n: 1 }] }, true));
    await expect(client.command(inTransaction(1, { distinct: name, key: 'n' }))).resolves.toMatchObject({
      values: [1],
    });
    await expect(count(name)).resolves.toBe(0);
    await client.command(end(1, 'abortTransaction'));
    await expect(count(name)).resolves.toBe(0);
  });
});
