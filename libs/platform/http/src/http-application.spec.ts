import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { connect } from 'node:net';
import { rawRequest, startToys } from './http-application.support';
import type { Problem } from './problem';

const ID = '0123456789abcdef01234567';

describe('an application', () => {
  let app: NestFastifyApplication;
  let url: string;
  beforeAll(async () => ({ app, url } = await startToys({ BODY_LIMIT_BYTES: '2048' })));
  afterAll(() => app.close());

  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
    fetch(url + path, { method: 'POST', body, headers: { 'content-type': type } });

  /** Every failure has the one shape, and its request id is also a header. */
  async function problemOf(answer: Response | Promise<Response>): Promise<Problem> {
    const response = await answer;
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({
      type: `urn:caas:problem:${problem.code}`,
      title: expect.any(String),
      detail: expect.any(String),
      status: response.status,
      request_id: response.headers.get('x-request-id'),
    });
    expect(JSON.stringify(problem)).not.toContain('hush');
    return problem;
  }
  const codeOf = async (answer: Promise<Response>) => {
    const { status, code } = await problemOf(answer);
    return `${status} ${code}`;
  };

  describe('bodies', () => {
    it('reach the handler', async () => {
      const toy = { display_name: 'Ball', parts: [{ part_name: 'a' }], metadata: { any: { thing: [1] } } };
      const answer = await post('/toys', JSON.stringify(toy));
      expect(answer.status).toBe(201);
      expect(await answer.json()).toEqual(toy);
    });

    it.each([
      ['malformed JSON', '{"display_name":', '400 malformed_body'],
      ['__proto__', '{"display_name":"x","metadata":{"__proto__":{"admin":true}}}', '400 validation_failed'],
      ['escaped __proto__', '{"display_name":"x","\\u005f_proto__":{"a":1}}', '400 validation_failed'],
      ['a constructor field', '{"display_name":"x","constructor":{"prototype":1}}', '400 validation_failed'],
      ['an operator in metadata', '{"display_name":"x","metadata":{"a":[{"$gt":1}]}}', '400 validation_failed'],
      ['a type of BSON', '{"display_name":"x","metadata":{"_bsontype":"ObjectId"}}', '400 validation_failed'],
      ['half a surrogate pair', '{"display_name":"\\ud83d"}', '400 validation_failed'],
      ['a field twice', '{"display_name":"x","display_name":"y"}', '400 validation_failed'],
      ['a number beyond doubles', '{"display_name":"x","weight":1e400}', '400 validation_failed'],
      ['a number beyond whole ones', '{"display_name":"x","weight":9007199254740993}', '400 validation_failed'],
      ['an unknown field', '{"display_name":"x","tenant_id":"clnt_other1"}', '400 validation_failed'],
      ['an operator object', '{"display_name":{"$ne":null}}', '400 validation_failed'],
      ['an array', '[]', '400 validation_failed'],
      ['an array of toys', '[{"display_name":"x"}]', '400 validation_failed'],
      ['a text', '"x"', '400 validation_failed'],
      ['null', 'null', '400 validation_failed'],
      ['nothing', '', '400 validation_failed'],
      ['100,000 brackets', '['.repeat(1500), '400 malformed_body'],
      ['deep objects', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`, '400 malformed_body'],
      ['too much', JSON.stringify({ display_name: 'x'.repeat(3000) }), '413 payload_too_large'],
    ])('%s: %#', async (_what, body, expected) => {
      expect(await codeOf(post('/toys', body))).toBe(expected);
    });

    it('may hold brackets in texts', async () => {
      const metadata = { text: `${'['.repeat(100)}\\"${'{'.repeat(100)}\\` };
      expect((await post('/toys', JSON.stringify({ display_name: 'x', metadata }))).status).toBe(201);
    });

    it('keep names that JavaScript has a use for', async () => {
      const toy =
        '{"display_name":"constructor","metadata":{"constructor":{"prototype":1},"prototype":{"toString":2}}}';
      const answer = await post('/toys', toy);
      expect(await answer.text()).toBe(toy);
    });

    it('may begin with a byte order mark', async () => {
      expect((await post('/toys', '\ufeff{"display_name":"x"}')).status).toBe(201);
    });

    it('are UTF-8', async () => {
      const body = new Uint8Array(Buffer.from('{"display_name":"\xff"}', 'latin1'));
      expect(await codeOf(post('/toys', body))).toBe('400 malformed_body');
    });

    it('have a limit also without Content-Length', async () => {
      const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
      const chunks = ['{"display_name":"', ...Array.from({ length: 10 }, () => 'x'.repeat(1000)), '"}'];
      const answer = await rawRequest(url, { method: 'POST', path: '/toys', headers, chunks });
      expect(answer.status).toBe(413);
      expect(answer.headers['content-type']).toBe('application/problem+json');
    });

    it('may be larger where the route says so', async () => {
      const body = JSON.stringify({ display_name: 'x', metadata: { text: 'x'.repeat(10_000) } });
      expect((await post('/toys/large', body)).status).toBe(201);
      const tooLarge = JSON.stringify({ display_name: 'x', metadata: { text: 'x'.repeat(70_000) } });
      expect(await codeOf(post('/toys/large', tooLarge))).toBe('413 payload_too_large');
    });

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense'])(
      'of type %s are refused',
      async (type) => expect(await codeOf(post('/toys', 'display_name=x', type))).toBe('415 unsupported_media_type'),
    );

    it('are described field by field', async () => {
      const body = { display_name: '', parts: [{ part_name: 'ok' }, { part_name: 7, more: 1 }], unknown: 1 };
      const { errors } = await problemOf(post('/toys', JSON.stringify(body)));
      expect(errors).toEqual(
        expect.arrayContaining([
          { field: 'unknown', message: 'is not known here' },
          { field: 'display_name', message: 'must be longer than or equal to 1 characters' },
          { field: 'parts.1.more', message: 'is not known here' },
        ]),
      );
      expect(errors!.some(({ field }) => field === 'parts.1.part_name')).toBe(true);
    });
  });

  describe('queries', () => {
    it('become a page request', async () => {
      const answer = await fetch(`${url}/toys/paged?cursor=${ID}&limit=7&direction=forward`);
      expect(await answer.json()).toEqual({ cursor: ID, limit: 7, direction: 'forward' });
    });

    it('become a DTO, beside a page request', async () => {
      const answer = await fetch(`${url}/toys?q=ball&after_seq=12&limit=3`);
      expect(await answer.json()).toMatchObject({
        page: { cursor: null, limit: 3, direction: 'backward' },
        query: { q: 'ball', after_seq: '12' },
      });
    });

    it.each([
      ['/toys/named?sort=x', '400 unknown_parameter'],
      ['/toys/named?name=a&name=b', '400 invalid_parameter'],
      ['/toys/named?name[$ne]=a', '400 unknown_parameter'],
      ['/toys/named?name[]=a', '400 unknown_parameter'],
      ['/toys/named?__proto__=a', '400 unknown_parameter'],
      [`/toys/${ID}?select=x`, '400 unknown_parameter'],
      ['/toys/paged?limit=0', '400 invalid_limit'],
      ['/toys/paged?limit=101', '400 invalid_limit'],
      ['/toys/paged?limit=NaN', '400 invalid_limit'],
      ['/toys/paged?limit=1&limit=2', '400 invalid_parameter'],
      ['/toys/paged?cursor=x', '400 invalid_cursor'],
      ['/toys/paged?direction=up', '400 invalid_direction'],
      ['/toys?q=a&q=b', '400 invalid_parameter'],
      ['/toys?q[$ne]=a', '400 validation_failed'],
      ['/toys?after_seq=x', '400 validation_failed'],
      ['/toys?after_seq=-1', '400 validation_failed'],
      ['/toys?unknown=1', '400 validation_failed'],
    ])('%s', async (path, expected) => expect(await codeOf(fetch(url + path))).toBe(expected));
  });

  describe('paths', () => {
    it.each([
      ['/nothing', '404 route_not_found'],
      ['/toys/', '404 route_not_found'],
      ['/toys/not-an-id', '400 invalid_id'],
      [`/toys/${ID.toUpperCase()}`, '400 invalid_id'],
      ['/toys/of/clnt_X', '400 invalid_tenant_id'],
      [`/toys/${'x'.repeat(500)}`, '414 url_too_long'],
    ])('%s', async (path, expected) => expect(await codeOf(fetch(url + path))).toBe(expected));

    it('that are not decodable are a 400', async () => {
      const answer = await rawRequest(url, { path: '/toys/%zz' });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'malformed_request', status: 400 });
      expect(answer.headers['content-type']).toBe('application/problem+json');
    });

    it('take the methods they have', async () => {
      const answer = await fetch(`${url}/toys/${ID}`, { method: 'POST' });
      expect(await problemOf(answer.clone())).toMatchObject({ status: 405, code: 'method_not_allowed' });
      expect(answer.headers.get('allow')).toBe('DELETE, GET, HEAD, PATCH, PUT');
    });
  });

  describe('failures', () => {
    it.each([
      ['invalid', 400],
      ['unauthenticated', 401],
      ['quota', 402],
      ['forbidden', 403],
      ['not_found', 404],
      ['conflict', 409],
      ['stale', 412],
      ['too_large', 413],
      ['unsupported_media', 415],
      ['mismatch', 422],
      ['too_many', 429],
      ['unavailable', 503],
    ])('of kind %s are a %i', async (kind, status) => {
      const answer = await fetch(`${url}/failures/kinds/${kind}`);
      expect(answer.headers.get('retry-after')).toBe('7');
      expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
      expect(await problemOf(answer)).toMatchObject({ status, code: 'some_code', detail: 'Said to the client.' });
    });

    it.each([
      ['kinds/internal', '500 internal'],
      ['duplicate', '409 already_exists'],
      ['away', '503 unavailable'],
      ['bug', '500 internal'],
      ['nothing', '500 internal'],
    ])('%s', async (path, expected) => expect(await codeOf(fetch(`${url}/failures/${path}`))).toBe(expected));

    it('tell nothing of the inside', async () => {
      for (const path of ['duplicate', 'away', 'bug', 'kinds/internal']) {
        const text = await (await fetch(`${url}/failures/${path}`)).text();
        expect(text).not.toMatch(/users|external_id|10\.1\.2\.3|27017|TypeError|stack|\.ts|some_code/);
      }
    });

    it('carry no ETag of an answer that was not given', async () => {
      expect((await fetch(`${url}/failures/versioned`)).headers.get('etag')).toBeNull();
    });

    it('in the middle of an answer cut it off', async () => {
      await expect(fetch(`${url}/toys/broken-stream`).then((answer) => answer.text())).rejects.toThrow();
      expect((await fetch(`${url}/toys/paged`)).status).toBe(200);
    });

    it('to speak HTTP are a problem too', async () => {
      const { port } = new URL(url);
      const socket = connect(Number(port), '127.0.0.1').end('what?\r\n\r\n');
      let answer = '';
      for await (const chunk of socket) answer += String(chunk);
      expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*"code":"malformed_request"/);
    });
  });

  describe('headers', () => {
    it('take a sane request id from the client, and no other', async () => {
      const idFor = async (id: string) =>
        (await fetch(`${url}/toys/paged`, { headers: { 'x-request-id': id } })).headers.get('x-request-id');
      expect(await idFor('abc_DEF-123')).toBe('abc_DEF-123');
      for (const bad of ['a b', 'x'.repeat(65), '{"a":1}', '']) expect(await idFor(bad)).toMatch(/^req_[0-9a-f]{24}$/);
    });

    it('are safe ones', async () => {
      const { headers } = await fetch(`${url}/toys/paged`);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
      expect(headers.get('strict-transport-security')).toContain('max-age=');
      expect(headers.get('x-powered-by')).toBeNull();
    });
  });
});
