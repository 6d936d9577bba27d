import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Caller, LightSocket, sharedSystem, type TenantSession, TIERS } from '#caas/testing';

const system = sharedSystem();

/** Fields of a body, as its JSON stands between the braces. */
type Fields = string;

const many = (count: number): Fields => Array.from({ length: count }, (_, index) => `"field_${index}":1`).join();

/** What both transports must refuse, with the fields that are named, or their number. */
const REFUSED: [what: string, fields: Fields, named: string[] | number][] = [
  ['__proto__', '"metadata":{"__proto__":{"admin":true}}', ['metadata']],
  ['__proto__ outside of metadata', '"__proto__":{"text":"x"}', ['__proto__']],
  ['a type of BSON', '"metadata":{"a":[{"_bsontype":"ObjectId","id":"x"}]}', ['metadata.a.0']],
  ['an operator', '"$where":"1"', ['$where']],
  ['an operator for a text', '"text":{"$ne":null}', ['text']],
  ['an operator deep in metadata', '"metadata":{"a":{"b":[{"$gt":1}]}}', ['metadata.a.b.0']],
  ['an escaped operator', '"metadata":{"\\u0024gt":1}', ['metadata']],
  ['half a surrogate pair in a text', '"text":"a\\ud83d"', ['text']],
  ['half a pair in metadata', '"metadata":{"a":["\\ude00"]}', ['metadata.a.0']],
  ['half a pair in a name', '"metadata":{"\\ud83d":1}', ['metadata']],
  ['NUL in a text', '"text":"a\\u0000"', ['text']],
  ['NUL in metadata', '"metadata":{"a":"\\u0000"}', ['metadata.a']],
  ['a number beyond doubles', '"metadata":{"a":1e400}', ['metadata.a']],
  ['a field twice', '"text":"a","text":"b"', ['text']],
  ['a field twice in metadata', '"metadata":{"a":1,"\\u0061":2}', ['metadata.a']],
  ['constructor outside of metadata', '"constructor":{"prototype":1},"prototype":1', ['constructor', 'prototype']],
  ['names of every object', '"toString":1,"hasOwnProperty":1', ['toString', 'hasOwnProperty']],
  ['unknown fields', '"tenant_id":"clnt_other1","seq":1', ['tenant_id', 'seq']],
  ['a thousand unknown fields', many(1_000), 20],
  ['more fields than any object has', many(5_000), ['body']],
  ['36,000 items where 10 may be', `"mentions":[${Array(36_000).fill('1').join()}]`, ['mentions']],
  ['11 attachments where 10 may be', `"attachments":[${Array(11).fill('{"x":1}').join()}]`, ['attachments']],
  [
    'wrong fields of each item',
    `"attachments":[${Array.from({ length: 10 }, (_, i) => `{"file_id":"${i}","x":1,"y":2}`).join()}]`,
    20,
  ],
  ['100 levels', `"metadata":${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 1],
  ['20 levels of metadata', `"metadata":${'{"a":'.repeat(20)}1${'}'.repeat(20)}`, ['metadata']],
  ['values of other kinds', '"text":7,"metadata":[],"mentions":{},"attachments":"x"', 4],
];

interface Refusal {
  status: number;
  code: string;
  detail: string;
  errors: { field: string; message: string }[];
}

const comparable = ({ status, code, detail, errors }: Refusal): Refusal => ({ status, code, detail, errors });

describe('The same payload', () => {
  const tenant = system.session('free', 'anna', 'ben');
  let anna: Caller;
  let room: { id: string; path: string };
  let socket: LightSocket;
  beforeAll(async () => {
    anna = tenant.as('anna');
    room = await tenant.room('anna', ['ben']);
    socket = await LightSocket.connect(tenant.urlOf(0), await tenant.token('anna'));
  });
  afterAll(() => socket.close());

  const overRest = async (fields: Fields) =>
    (await anna.post(`${room.path}/messages`, `{"client_message_id":"x",${fields}}`)).body as Refusal;

  async function overSocket(payload: string): Promise<{ ok: boolean; data: unknown; error: Refusal }> {
    const frame = Buffer.from(await socket.emitJson(`["message.send",${payload}]`), 'latin1').toString('utf8');
    const [answer] = JSON.parse(frame.slice(frame.indexOf('['))) as never[];
    return answer!;
  }
  const refusedOverSocket = async (fields: Fields) =>
    (await overSocket(`{"conversation_id":"${room.id}","client_message_id":"x",${fields}}`)).error;

  it.each(REFUSED)('with %s is refused alike over REST and a socket', async (_what, fields, named) => {
    const refusal = comparable(await overRest(fields));
    expect(comparable(await refusedOverSocket(fields))).toEqual(refusal);
    expect(refusal.status).toBe(400);
    expect(refusal.code).toMatch(/^(validation_failed|malformed_body)$/);
    expect(JSON.stringify(refusal).length).toBeLessThan(8_000);
    const names = refusal.errors.map(({ field }) => field);
    if (typeof named === 'number') expect(names).toHaveLength(named);
    else expect(names).toEqual(named);
  });

  it.each(['[]', '"x"', '7', 'null', 'true'])('of %s alone is refused alike', async (body) => {
    const refusal = comparable((await anna.post(`${room.path}/messages`, body)).body as Refusal);
    expect(comparable((await overSocket(body)).error)).toEqual(refusal);
    expect(refusal.errors).toEqual([{ field: 'body', message: 'must be a JSON object' }]);
  });

  it('with an attachment of Socket.IO is refused, and the socket goes on', async () => {
    const client = await tenant.socket('anna');
    const refused = await client.send('message.send', { conversation_id: room.id, metadata: { a: Buffer.from('x') } });
    expect(refused.error).toMatchObject({ status: 400, code: 'validation_failed' });
    expect((await client.send('typing.stop', { conversation_id: room.id })).ok).toBe(true);
  });

  it('to a message without a name is refused, and the socket goes on', async () => {
    const frame = await socket.emitJson('[7,{}]');
    expect(frame).toContain('"code":"unknown_message"');
    expect((await overSocket('{}')).error.code).toBe('validation_failed');
  });
});

/** Names that JavaScript, mongoose or the engine have a use for of their own. */
const ODD_NAMES = [
  ...['constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', 'toBSON', 'toObject', 'then'],
  ...['_id', 'id', '__v', '_doc', 'schema', 'collection', 'length', 'get', 'type', 'isMongooseObject', 'tenant_id'],
  ...['a.b', '.', '', '0', '-1', 'ä', '😀', '\u0001', '\u2028', 'a$b', '__proto', 'inspect', '__defineGetter__'],
];
const ODD = Object.fromEntries(ODD_NAMES.map((name) => [name, { constructor: { prototype: [name] } }]));

describe.each(TIERS)('Metadata on the tier %s', (tier) => {
  const tenant: TenantSession = system.session(tier, 'anna', 'ben');
  const anna = tenant.as('anna');

  it('keep every other name as it was sent, over REST and a socket alike', async () => {
    const room = await tenant.room('anna', ['ben']);
    const client = await tenant.socket('anna');
    const message = { client_message_id: 'rest', text: 'x', metadata: ODD };
    const overRest = await anna.post(`${room.path}/messages`, message);
    const overSocket = await client.send('message.send', {
      ...message,
      client_message_id: 'socket',
      conversation_id: room.id,
    });
    expect(overRest).toMatchObject({ status: 201, body: { metadata: ODD } });
    expect(overSocket).toMatchObject({ ok: true, data: { metadata: ODD } });
    const page = await anna.get(`${room.path}/messages`);
    expect(page.body.data.map(({ metadata }: { metadata: unknown }) => metadata)).toEqual([ODD, ODD]);
    // Sent again it is the same message, as its hash is of what came.
    expect((await anna.post(`${room.path}/messages`, message)).status).toBe(200);
  });

  it.each([
    ['a user', 'PUT', '/v1/users/anna', {}],
    ['a conversation', 'POST', '/v1/conversations', { type: 'group', member_ids: ['ben'] }],
    ['a group', 'POST', '/v1/groups', { name: 'odd' }],
    ['a post', 'POST', '/v1/posts', { kind: 'post', text: 'odd', visibility: 'private' }],
  ])('of %s are kept as they were sent', async (_what, method, path, fields) => {
    const made = await tenant.acting('anna').call(method, path, { ...fields, metadata: ODD });
    expect(made.body).toMatchObject({ metadata: ODD });
    const again = await anna.get(method === 'PUT' ? path : `${path}/${made.body.id}`);
    expect(again).toMatchObject({ status: 200, body: { metadata: ODD } });
  });
});

describe('A request without a valid credential', () => {
  const tenant = system.session('free', 'anna');
  const CONNECTIONS = 100;

  /** Resolves with what the server says before it closes the connection. */
  async function unfinished(headers: Record<string, string>, path = '/v1/conversations'): Promise<string> {
    const { hostname, port } = new URL(tenant.urlOf(0));
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    const lines = { host: 'x', 'content-type': 'application/json', 'content-length': '990000', ...headers };
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${path} HTTP/1.1\r\n${head.join('')}\r\n{"a":"${'x'.repeat(10_000)}`);
    return text(socket);
  }

  it.each([
    ['no credential', {}],
    ['a wrong token', { authorization: 'Bearer x.y.z' }],
    ['a wrong server key', { authorization: `Bearer sk_${'a'.repeat(16)}_${'b'.repeat(43)}` }],
  ])('is answered before its body has come, and its connection is closed: with %s', async (_what, headers) => {
    const answers = await Promise.all(Array.from({ length: CONNECTIONS }, () => unfinished(headers)));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 401 [^]*\r\nconnection: close\r\n/i);
  });

  it('is answered so on a route of operators, and where there is none', async () => {
    expect(await unfinished({}, '/platform/v1/tenants')).toMatch(/^HTTP\/1\.1 401 /);
    expect(await unfinished({}, '/nothing')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await unfinished({}, '/admin/queues/api/queues/media/add')).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('may end a short body, and is answered again on the same connection', async () => {
    const { hostname, port } = new URL(tenant.urlOf(0));
    const socket = connect(Number(port), hostname);
    socket.write('POST /v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).not.toMatch(/connection: close/i);
    socket.write(`${'x'.repeat(50_000)}GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('A mistake of a client', () => {
  const tenant = system.session('free', 'anna');
  const anna = tenant.as('anna');

  it('of an operator at Bull Board is a problem', async () => {
    const pause = '/admin/queues/api/queues/pause';
    expect(await system.platform.call('PUT', pause, undefined, { origin: 'https://evil.example' })).toMatchObject({
      status: 403,
      body: { code: 'origin_not_allowed' },
    });
    expect(await system.platform.call('PUT', pause, '{')).toMatchObject({
      status: 400,
      body: { code: 'malformed_body' },
    });
    expect(await system.platform.call('PUT', pause, '{"__proto__":1}')).toMatchObject({ status: 400 });
    expect(await system.caller('wrong').call('PUT', pause, '{')).toMatchObject({ status: 401 });
  });

  it('in an extension of tus that is not spoken is a 400', async () => {
    const tus = { 'tus-resumable': '1.0.0', 'upload-length': '1' };
    for (const extension of [{ 'upload-concat': 'partial' }, { 'upload-concat': 'final;/a /b' }]) {
      const answer = await anna.call('POST', '/v1/files/uploads', undefined, { ...tus, ...extension });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_upload' } });
    }
  });

  it.each([
    'mongodb://127.0.0.1:1/',
    'mongodb://',
    'mongodb://a:hush@127.0.0.1:1/?authMechanism=NOTHING',
    'mongodb+srv://nothing.invalid/',
  ])('in a database_uri such as %s is a 400, in time, and no tenant is made', async (database_uri) => {
    const id = `clnt_uri${Date.now().toString(36)}`;
    const wanted = { id, name: 'x', tier: 'enterprise', database_uri };
    const answer = await system.platform.post('/platform/v1/tenants', wanted);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'database_uri_unusable', errors: [{ field: 'database_uri' }] },
    });
    expect(JSON.stringify(answer.body)).not.toContain('hush');
    expect((await system.platform.get(`/platform/v1/tenants/${id}`)).status).toBe(404);
  });

  it('in a coding, a charset or a type is a 415 on every route with a body', async () => {
    const coded = await anna.call('PATCH', '/v1/users/me', '{}', { 'content-encoding': 'gzip' });
    expect(coded).toMatchObject({ status: 415, body: { code: 'content_encoding_not_supported' } });
    expect(coded.headers.get('accept-encoding')).toBe('identity');
    const charset = await anna.call('PATCH', '/v1/users/me', '{}', {
      'content-type': 'application/json; charset=latin1',
    });
    expect(charset.status).toBe(415);
    const form = await anna.call('POST', '/v1/conversations', 'x', {
      'content-type': 'multipart/form-data; boundary=x',
    });
    expect(form.status).toBe(415);
  });

  it('in settings is told of in some KB, however many there are', async () => {
    const wrong = Object.fromEntries(Array.from({ length: 1_900 }, (_, index) => [`x${index}${'y'.repeat(300)}`, {}]));
    const { status, body } = await tenant.server().patch('/v1/settings', wrong);
    expect({ status, code: body.code, told: body.errors.length }).toEqual({
      status: 400,
      code: 'invalid_settings',
      told: 20,
    });
    expect(JSON.stringify(body).length).toBeLessThan(10_000);
  });

  it.each([
    ['x-acting-user', 'a\tb', 400],
    ['idempotency-key', 'a b', 400],
    ['idempotency-key', 'x'.repeat(300), 400],
    ['if-match', 'x'.repeat(5_000), 400],
    ['authorization', `Bearer ${'x'.repeat(12_000)}`, 401],
  ])('in the header %s is refused', async (name, value, status) => {
    const answer = await tenant.as('anna').call('POST', '/v1/conversations', { type: 'direct' }, { [name]: value });
    expect(answer.status).toBe(status);
    expect(answer.body.code).toMatch(/^[a-z_]+$/);
  });
});
