import { ObjectId } from 'bson';
import { RequestContext, type Tenant, type TenantConnection, type TenantId } from '#caas/kernel';
import { Log, makeLogger } from './log';
import { NestLog } from './nest-log';

const tenantId = 'clnt_abc123' as TenantId;
const tenant: Tenant = {
  id: tenantId,
  tier: 'free',
  placement: 'shared',
  status: 'active',
  databaseUri: null,
  quotas: {},
};
const context = () =>
  new RequestContext(tenant, { kind: 'system', name: 'test' }, 'req_1', { tenantId } as unknown as TenantConnection);

function listen() {
  const lines: string[] = [];
  const root = makeLogger('trace', { write: (line) => void lines.push(line) });
  const log = Object.assign(Object.create(Log.prototype) as Log, { root });
  return { log, text: () => lines.join(''), lines: () => lines.map((line) => JSON.parse(line) as unknown) };
}

describe('the log', () => {
  it('names tenant and request on each line about a request', () => {
    const { log, lines } = listen();
    log.of(context()).info({ count: 1 }, 'sent');
    expect(lines()).toEqual([
      expect.objectContaining({ level: 'info', tenant_id: tenantId, request_id: 'req_1', actor: 'system', count: 1 }),
    ]);
  });

  it('has each key once on a line, whatever a caller adds', () => {
    const { log, text } = listen();
    log
      .of(context())
      .error({ request_id: 'req_2', tenant_id: 'x', actor: 'y', level: 1, time: 2, pid: 3, msg: 'm' }, 'broke');
    log.root.info({ level: 1, time: 2, pid: 3, msg: 'm' }, 'plain');
    for (const line of text().trim().split('\n')) {
      const keys = [...line.matchAll(/[{,]"([^"]+)":/g)].map(([, key]) => key);
      expect(keys).toEqual([...new Set(keys)]);
    }
    expect(text()).toContain('"request_id":"req_2"');
    expect(text()).toContain('"field_level":1');
  });

  it('writes no secret, however deep', () => {
    const { log, text, lines } = listen();
    log.root.info({
      authorization: 'Bearer hush',
      body: { token: 'hush', server_key: { id: 'a', key: 'hush' }, list: [{ a: { b: { c: { Password: 'hush' } } } }] },
      headers: { cookie: 'hush', 'set-cookie': ['hush'], 'X-Api-Key': 'hush' },
      secretsKey: 'hush',
      push_token: Buffer.from('hush'),
      has_key: true,
      bytes: Buffer.from('hush'),
      tenant_id: tenantId,
    });
    expect(text()).not.toContain('hush');
    expect(lines()[0]).toMatchObject({ authorization: '[secret]', has_key: true, tenant_id: tenantId });
  });

  it.each([
    'GET /x?token=hush failed',
    'GET /x?a=1&signature=hush&b=2',
    'Authorization: Bearer hush.hush-hush',
    'Basic aHVzaDpodXNo hush'.replace(' hush', ''),
    'no key sk_abc_hush',
    'jwt eyJhush.eyJodXNo.hush',
    'cannot reach mongodb://admin:hush@host/db',
    'body was {"secret":"hush"}',
  ])('writes no secret that stands in an error: %s', (message) => {
    const { log, text } = listen();
    log.root.error({ err: new Error('outer', { cause: new Error(message) }) }, 'failed');
    new NestLog(log).error(message, 'Error: x\n    at y', 'Context');
    expect(text()).toContain('[secret]');
    expect(text()).not.toMatch(/hush|aHVzaDpodXNo/);
  });

  it('keeps what is no secret', () => {
    const { log, lines } = listen();
    const id = new ObjectId();
    const at = new Date(0);
    log.root.info({
      id,
      at,
      err: Object.assign(new TypeError('plain'), { code: 11000 }),
      idempotency_key: 'k',
      n: null,
    });
    expect(lines()[0]).toMatchObject({
      id: id.toHexString(),
      at: '1970-01-01T00:00:00.000Z',
      err: { type: 'TypeError', message: 'plain', code: 11000, stack: expect.stringContaining('at ') as string },
      idempotency_key: 'k',
      n: null,
    });
  });

  it('survives an object that contains itself', () => {
    const { log, lines } = listen();
    const loop: Record<string, unknown> = { a: 1 };
    loop['self'] = loop;
    log.root.info({ loop });
    expect(lines()).toHaveLength(1);
  });

  it("takes Nest's lines with their context", () => {
    const { log, lines } = listen();
    const nest = new NestLog(log);
    nest.log('started', 'Router');
    nest.error('broke', 'Error: broke\n    at here', 'Exceptions');
    nest.error(new Error('thrown'), 'Exceptions');
    expect(lines()).toEqual([
      expect.objectContaining({ level: 'debug', msg: 'started', context: 'Router' }),
      expect.objectContaining({
        level: 'error',
        msg: 'broke',
        context: 'Exceptions',
        stack: 'Error: broke\n    at here',
      }),
      expect.objectContaining({ level: 'error', msg: 'thrown', context: 'Exceptions' }),
    ]);
  });
});
