import { Long } from 'bson';
import { describeGateway, GatewayProcess, WireClient } from './gateway.support';

const DATABASE = `gateway_arguments_${process.pid}`;
const INTERNAL_ERROR = 1;

/** What a client may put where something else belongs. */
const VALUES: unknown[] = [
  null,
  undefined,
  0,
  -1,
  1.5,
  NaN,
  '',
  'x',
  true,
  [],
  [null],
  ['x'],
  {},
  { a: 1 },
  Long.MAX_VALUE,
];

/** Commands whose arguments the gateway itself looks into, each with one of them left open. */
const COMMANDS: Record<string, (value: unknown) => Record<string, unknown>> = {
  explain: (value) => ({ explain: value }),
  'explain find': (value) => ({ explain: { find: value } }),
  'explain update': (value) => ({ explain: { update: 'a', updates: value } }),
  'explain update of': (value) => ({ explain: { update: 'a', updates: [{ q: value }] } }),
  'explain delete': (value) => ({ explain: { delete: 'a', deletes: value } }),
  'explain findAndModify': (value) => ({ explain: { findAndModify: 'a', query: value } }),
  'explain aggregate': (value) => ({ explain: { aggregate: 'a', pipeline: value } }),
  getMore: (value) => ({ getMore: value, collection: 'a' }),
  killCursors: (value) => ({ killCursors: 'a', cursors: value }),
  'killCursors of': (value) => ({ killCursors: 'a', cursors: [value] }),
  endSessions: (value) => ({ endSessions: value }),
  killSessions: (value) => ({ killSessions: value }),
  renameCollection: (value) => ({ renameCollection: value, to: `${DATABASE}.b` }),
  'renameCollection to': (value) => ({ renameCollection: `${DATABASE}.a`, to: value }),
  getParameter: (value) => ({ getParameter: value }),
  lsid: (value) => ({ ping: 1, lsid: value }),
  txnNumber: (value) => ({ ping: 1, txnNumber: value }),
  maxTimeMS: (value) => ({ find: 'a', maxTimeMS: value }),
  autocommit: (value) => ({ ping: 1, autocommit: value }),
};

describeGateway('Arguments of a wrong kind', (postgres) => {
  let gateway: GatewayProcess;
  let client: WireClient;
  beforeAll(async () => {
    gateway = await GatewayProcess.start(postgres);
    client = await WireClient.connect(gateway.port);
    await client.command({ insert: 'a', documents: [{ _id: 1 }], $db: DATABASE });
  });
  afterAll(async () => {
    await client.command({ dropDatabase: 1, $db: DATABASE });
    client.close();
    await gateway.end();
  });

  it('say that they are, as MongoDB does', async () => {
    await expect(client.command({ explain: null, $db: DATABASE })).resolves.toMatchObject({
      ok: 0,
      code: 14,
      codeName: 'TypeMismatch',
    });
  });

  it.each(Object.entries(COMMANDS))('of %s are no internal error, and end no connection', async (_name, command) => {
    for (const value of VALUES) {
      const reply = await client.command({ ...command(value), $db: DATABASE });
      expect({ value, code: reply.code, errmsg: reply.errmsg }).not.toMatchObject({ code: INTERNAL_ERROR });
    }
  });

  it('of $db are no internal error', async () => {
    for (const value of VALUES) {
      const { ok, code } = await client.command({ ping: 1, $db: value });
      if (ok !== 1) expect(code).toBe(14);
    }
  });
});
