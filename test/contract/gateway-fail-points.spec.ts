import { Long, UUID } from 'bson';
import { MongoClient } from 'mongodb';
import { describeGateway, GatewayProcess, refusedStart, WireClient } from './gateway.support';

type Fields = Record<string, unknown>;

/** `configureFailPoint`, by which drivers' tests and CaaS' own make commands fail. */
describeGateway('Fail points', (postgres) => {
  const $db = `gateway_fail_points_${process.pid}`;
  let gateway: GatewayProcess;
  let client: WireClient;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(postgres, '--enable-test-commands');
    client = await WireClient.connect(gateway.port);
  });
  afterEach(async () => {
    for (const point of ['failCommand', 'onPrimaryTransactionalWrite', 'maxTimeAlwaysTimeOut']) await set(point, 'off');
  });
  afterAll(async () => {
    await client.command({ dropDatabase: 1, $db });
    client.close();
    await gateway.end();
  });
  const set = (configureFailPoint: string, mode: unknown, data: Fields = {}) =>
    client.command({ configureFailPoint, mode, data, $db: 'admin' });
  const fail = (mode: unknown, data: Fields) => set('failCommand', mode, data);
  const ask = (command: Fields) => client.command({ ...command, $db });
  const failing = { failCommands: ['insert', 'find', 'commitTransaction'], errorCode: 91 };
  const insert = { insert: 'things', documents: [{}] };
  const retryable = () => ({ lsid: { id: new UUID() }, txnNumber: Long.fromNumber(1) });

  it('fail as often as they are to, and after what they are to let pass', async () => {
    await fail({ times: 2 }, failing);
    const codes = [];
    for (let turn = 0; turn < 3; turn += 1) codes.push((await ask({ find: 'things' })).code);
    expect(codes).toEqual([91, 91, undefined]);
    await fail({ skip: 1 }, failing);
    const later = [];
    for (let turn = 0; turn < 3; turn += 1) later.push((await ask({ find: 'things' })).code);
    expect(later).toEqual([undefined, 91, 91]);
    expect(await ask({ ping: 1 })).toMatchObject({ ok: 1 });
    await fail('alwaysOn', failing);
    expect(await ask({ find: 'things' })).toMatchObject({ code: 91, codeName: 'ShutdownInProgress' });
    await fail('off', {});
    expect(await ask({ find: 'things' })).toMatchObject({ ok: 1 });
  });

  it.each<[string, Fields, () => Fields, string[] | undefined]>([
    ['a write that may be retried', {}, () => ({ ...insert, ...retryable() }), ['RetryableWriteError']],
    ['a write that may not', {}, () => insert, undefined],
    ['a code that nobody retries', { errorCode: 2 }, () => ({ ...insert, ...retryable() }), undefined],
    [
      'a part of a transaction',
      {},
      () => ({ ...insert, ...retryable(), autocommit: false, startTransaction: true }),
      ['TransientTransactionError'],
    ],
    ['a commit', {}, () => ({ commitTransaction: 1, ...retryable(), autocommit: false }), ['RetryableWriteError']],
    [
      'a commit that may start over',
      { errorCode: 251 },
      () => ({ commitTransaction: 1, ...retryable(), autocommit: false }),
      ['TransientTransactionError'],
    ],
    ['given labels', { errorLabels: ['Mine'] }, () => ({ ...insert, ...retryable() }), ['Mine']],
    ['no labels at all', { errorLabels: [] }, () => ({ ...insert, ...retryable() }), undefined],
  ])('label %s', async (_name, data, command, errorLabels) => {
    await fail({ times: 1 }, { ...failing, ...data });
    const reply = await ask(command());
    expect(reply.ok).toBe(0);
    expect(reply.errorLabels).toEqual(errorLabels);
  });

  it('add a write concern error to what was done', async () => {
    const writeConcernError = { code: 91, errmsg: 'shutting down' };
    await fail({ times: 1 }, { failCommands: ['insert'], writeConcernError });
    const reply = await ask({ ...insert, ...retryable() });
    expect(reply).toMatchObject({ n: 1, ok: 1, writeConcernError, errorLabels: ['RetryableWriteError'] });
  });

  it('close the connection, which a driver’s retry gets over', async () => {
    const driver = await MongoClient.connect(gateway.uri);
    await fail({ times: 1 }, { failCommands: ['insert'], closeConnection: true });
    await driver.db($db).collection('retried').insertOne({ a: 1 });
    expect(await driver.db($db).collection('retried').countDocuments()).toBe(1);
    await driver.close();
  });

  it('block a command, and meet one application only', async () => {
    await fail({ times: 1 }, { failCommands: ['find'], blockConnection: true, blockTimeMS: 80 });
    const began = performance.now();
    expect(await ask({ find: 'things' })).toMatchObject({ ok: 1 });
    expect(performance.now() - began).toBeGreaterThan(75);
    const named = await MongoClient.connect(gateway.uri, { appName: 'meant', retryReads: false });
    await fail('alwaysOn', { failCommands: ['find'], errorCode: 2, appName: 'meant' });
    expect(await ask({ find: 'things' })).toMatchObject({ ok: 1 });
    await expect(named.db($db).collection('things').findOne()).rejects.toMatchObject({ code: 2 });
    await named.close();
  });

  it('tell more of the error when they are to', async () => {
    await fail({ times: 1 }, { ...failing, errorExtraInfo: { why: 'a test' } });
    expect(await ask({ find: 'things' })).toMatchObject({ ok: 0, code: 91, why: 'a test' });
  });

  it('meet greetings and logins', async () => {
    await fail('alwaysOn', { failCommands: ['hello', 'isMaster', 'saslContinue'], errorCode: 91 });
    for (const command of [{ hello: 1 }, { ismaster: 1 }, { saslContinue: 1 }]) {
      expect(await ask(command)).toMatchObject({ ok: 0, code: 91 });
    }
  });

  describe('of a retryable write', () => {
    /** A connection that a fail point may close. */
    const sent = async (command: Fields): Promise<Fields | 'hung up'> => {
      const other = await WireClient.connect(gateway.port);
      const reply = await other.command({ ...command, $db }).catch((): 'hung up' => 'hung up');
      other.close();
      return reply;
    };
    const countOf = async (_id: unknown) => (await ask({ count: 'written', query: { _id } })).n;
    const writing = (_id: unknown) => ({ insert: 'written', documents: [{ _id }], ...retryable() });

    it('lose the reply of what was done, and neither strike nor count when it is asked for again', async () => {
      await set('onPrimaryTransactionalWrite', { times: 2 });
      const [first, second] = [writing('lost 1'), writing('lost 2')];
      expect(await sent(first)).toBe('hung up');
      expect(await countOf('lost 1')).toBe(1);
      expect(await sent(first)).toMatchObject({ n: 1, ok: 1 });
      expect(await sent(second)).toBe('hung up');
      expect(await sent(writing('third'))).toMatchObject({ n: 1, ok: 1 });
    });

    it('keep it from being done, with an error when the connection is to stay', async () => {
      await set('onPrimaryTransactionalWrite', { times: 1 }, { failBeforeCommitExceptionCode: 1 });
      expect(await sent(writing('none'))).toBe('hung up');
      const staying = { failBeforeCommitExceptionCode: 91, closeConnection: false };
      await set('onPrimaryTransactionalWrite', { times: 1 }, staying);
      expect(await sent(writing('none'))).toMatchObject({ code: 91, errorLabels: ['RetryableWriteError'] });
      expect(await countOf('none')).toBe(0);
    });

    it('let other writes alone, and what they are to skip by statements', async () => {
      await set('onPrimaryTransactionalWrite', { skip: 3 });
      expect(await sent({ insert: 'written', documents: [{}] })).toMatchObject({ n: 1, ok: 1 });
      const two = { ...writing('pass 1'), documents: [{ _id: 'pass 1' }, { _id: 'pass 2' }] };
      expect(await sent(two)).toMatchObject({ n: 2, ok: 1 });
      expect(await sent(writing('pass 3'))).toMatchObject({ n: 1, ok: 1 });
      expect(await sent(writing('struck'))).toBe('hung up');
    });
  });

  it('end every command that has a time limit', async () => {
    await set('maxTimeAlwaysTimeOut', 'alwaysOn');
    expect(await ask({ find: 'things', maxTimeMS: 60_000 })).toMatchObject({ ok: 0, code: 50 });
    expect(await ask({ find: 'things' })).toMatchObject({ ok: 1 });
  });

  it('are told of, as drivers’ tests ask', async () => {
    expect(await ask({ getParameter: '*' })).toMatchObject({ enableTestCommands: true, ok: 1 });
  });

  it.each<[string, Fields]>([
    ['another fail point', { configureFailPoint: 'other', mode: 'alwaysOn' }],
    ['another mode', { configureFailPoint: 'failCommand', mode: 'sometimes' }],
  ])('refuse %s', async (_name, command) => {
    expect(await client.command({ ...command, $db: 'admin' })).toMatchObject({ ok: 0, code: 2 });
  });

  it('are not there without the option, and the option not in production', async () => {
    const plain = await GatewayProcess.start(postgres);
    const other = await WireClient.connect(plain.port);
    const reply = await other.command({
      configureFailPoint: 'failCommand',
      mode: 'alwaysOn',
      data: failing,
      $db: 'admin',
    });
    expect(reply).toMatchObject({ ok: 0, code: 59 });
    other.close();
    await plain.end();
    const { NODE_ENV: before } = process.env;
    process.env.NODE_ENV = 'production';
    const refused = await refusedStart('--listen', '127.0.0.1:0', '--enable-test-commands').finally(() => {
      process.env.NODE_ENV = before;
    });
    expect(refused).toEqual({ code: 1, stderr: expect.stringContaining('production') });
  });
});
