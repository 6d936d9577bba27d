import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { sharedSystem, TIERS, waitFor } from '#caas/testing';
import { StoredContent } from '../support/stored-content';
import { b64, chunk, creation, sha256, someBytes, TUS } from '../support/tus';

const UPLOADS = '/v1/files/uploads';
const MB = 2 ** 20;

const system = sharedSystem();

const digest = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('base64');
const formOf = (bytes: Buffer | string, name = 'a.txt', type = 'text/plain') => {
  const form = new FormData();
  form.append('file', new Blob([bytes as never], { type }), name);
  return form;
};

describe.each(TIERS)('Uploads on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
  let stored: StoredContent;
  beforeAll(async () => void (stored = await StoredContent.of(tenant.id, tier, system.dataDir)));
  afterAll(() => stored.close());

  const begin = async (sizeBytes: number, headers: Record<string, string> = {}, caller = anna) => {
    const answer = await caller.raw('POST', UPLOADS, { ...creation(sizeBytes), ...headers });
    if (answer.status !== 201) throw new Error(await answer.text());
    return answer.headers.get('location')!;
  };
  const idOf = (location: string) => location.split('/').at(-1)!;
  const statusOf = async (id: string) => (await anna.get(`/v1/files/${id}`)).body.status as string;
  /** What is served of an upload once the worker is through with it. */
  const served = async (id: string) => {
    await waitFor('the file is ready', 20_000, async () => (await statusOf(id)) === 'ready');
    const content = await anna.raw('GET', `/v1/files/${id}/content`);
    return sha256(Buffer.from(await content.arrayBuffer()));
  };
  const bytesUsed = async () =>
    (await stored.collection('media_usage').findOne({ tenant_id: tenant.id }))?.['bytes'] ?? 0;

  describe('by tus', () => {
    it('go on where they were, at either process, until they are whole', async () => {
      const bytes = someBytes(300_000);
      const at = await begin(bytes.length, {
        'upload-metadata': `filename ${b64('../../etc/päss.pdf')},filetype ${b64('application/pdf')}`,
      });
      expect((await anna.get(`/v1/files/${idOf(at)}`)).body).toMatchObject({ status: 'uploading', name: 'päss.pdf' });
      const first = await anna.raw('PATCH', at, chunk(0), bytes.subarray(0, 100_000) as never);
      expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '100000']);
      expect(Date.parse(first.headers.get('upload-expires')!) - Date.now()).toBeGreaterThan(23 * 3_600_000);
      const there = tenant.as('anna', 1);
      const head = await there.raw('HEAD', at, TUS);
      expect(Object.fromEntries(head.headers)).toMatchObject({
        'upload-offset': '100000',
        'upload-length': '300000',
        'cache-control': 'no-store',
      });
      expect(head.headers.get('upload-metadata')).toContain(b64('application/pdf'));
      expect((await there.raw('PATCH', at, chunk(1), bytes as never)).status).toBe(409);
      expect((await there.raw('PATCH', at, chunk(100_000), bytes as never)).status).toBe(413);
      expect((await there.raw('PATCH', at, chunk(100_000), bytes.subarray(100_000) as never)).status).toBe(204);
      const job = { job: 'media/process-file', 'payload.file_id': idOf(at) };
      expect((await anna.raw('HEAD', at, TUS)).headers.get('upload-offset')).toBe('300000');
      expect(await stored.collection('outbox').countDocuments(job)).toBeLessThanOrEqual(1);
      expect(await served(idOf(at))).toBe(sha256(bytes));
      expect((await anna.get(`/v1/files/${idOf(at)}`)).body).toMatchObject({ size_bytes: 300_000 });
      expect((await anna.raw('HEAD', at, TUS)).headers.get('upload-offset')).toBe('300000');
      expect(await anna.call('DELETE', at, undefined, TUS)).toMatchObject({
        status: 409,
        body: { code: 'upload_finished' },
      });
    });

    it('are finished by the next question when their process died before it told the database', async () => {
      const bytes = someBytes(1000);
      for (const question of ['HEAD', 'PATCH'] as const) {
        const at = await begin(bytes.length);
        await stored.put(idOf(at), bytes);
        const answer = await anna.raw(question, at, question === 'HEAD' ? TUS : chunk(1000));
        expect(answer.headers.get('upload-offset')).toBe('1000');
        expect((await stored.fileOf(idOf(at)))!['status']).not.toBe('uploading');
        expect(await served(idOf(at))).toBe(sha256(bytes));
      }
    });

    it('let the request that came last go on, and hold the one before it back', async () => {
      const bytes = someBytes(1000);
      const at = await begin(bytes.length);
      const url = new URL(at, tenant.urlOf(0));
      const stalled = httpRequest(url, {
        method: 'PATCH',
        headers: { ...(await anna.credentials()), ...chunk(0), 'content-length': '1000' },
      });
      stalled.on('error', () => undefined);
      stalled.write(bytes.subarray(0, 400));
      await waitFor('its bytes are there', 5_000, async () => {
        const head = await tenant.as('anna', 1).raw('HEAD', at, TUS);
        return head.headers.get('upload-offset') === '400';
      });
      const rest = await anna.raw('PATCH', at, chunk(400), bytes.subarray(400) as never);
      expect(rest.status).toBe(204);
      expect(await served(idOf(at))).toBe(sha256(bytes));
      stalled.destroy();
    });

    it('are their owner’s and the tenant’s server’s', async () => {
      const at = await begin(10);
      for (const [method, headers] of [
        ['HEAD', TUS],
        ['PATCH', chunk(0)],
        ['DELETE', TUS],
      ] as const) {
        expect((await ben.raw(method, at, headers)).status).toBe(404);
        expect((await system.caller(null).raw(method, at, headers)).status).toBe(401);
      }
      expect((await tenant.server(1).raw('HEAD', at, TUS)).status).toBe(200);
      expect((await anna.raw('DELETE', at, TUS)).status).toBe(204);
      expect((await anna.raw('HEAD', at, TUS)).status).toBe(404);
      expect((await anna.get(`/v1/files/${idOf(at)}`)).status).toBe(404);
    });

    it.each(['sha1', 'sha256', 'md5'])('hold a chunk to its %s, and forget one that differs', async (algorithm) => {
      const bytes = someBytes(5000);
      const at = await begin(bytes.length);
      const sum = (of: Buffer) => ({ ...chunk(0), 'upload-checksum': `${algorithm} ${digest(algorithm, of)}` });
      const wrong = await anna.raw('PATCH', at, sum(someBytes(10)), bytes as never);
      expect([wrong.status, ((await wrong.json()) as { code: string }).code]).toEqual([460, 'checksum_mismatch']);
      expect((await anna.raw('HEAD', at, TUS)).headers.get('upload-offset')).toBe('0');
      expect((await anna.raw('PATCH', at, sum(bytes), bytes as never)).status).toBe(204);
      expect(await served(idOf(at))).toBe(sha256(bytes));
    });

    it('may bring bytes with their creation, and may be empty', async () => {
      const bytes = someBytes(700);
      const headers = { ...creation(700), 'content-type': 'application/offset+octet-stream' };
      const whole = await anna.raw('POST', UPLOADS, headers, bytes as never);
      expect([whole.status, whole.headers.get('upload-offset')]).toEqual([201, '700']);
      expect(await served(idOf(whole.headers.get('location')!))).toBe(sha256(bytes));
      const empty = await begin(0);
      expect(await statusOf(idOf(empty))).not.toBe('uploading');
    });

    it.each([
      ['no version', { 'upload-length': '1' }, 412],
      ['no length', TUS, 400],
      ['a deferred length', { ...TUS, 'upload-defer-length': '1' }, 400],
      ['a negative length', { ...TUS, 'upload-length': '-1' }, 400],
      ['metadata that are none', { ...creation(1), 'upload-metadata': 'filename ###' }, 400],
      ['a type that is none', { ...creation(1), 'upload-metadata': `filetype ${b64('a b\r\nc')}` }, 400],
      [
        'a type that is not taken',
        { ...creation(1), 'upload-metadata': `filetype ${b64('application/x-msdownload')}` },
        415,
      ],
      ['more than a file may have', creation(6 * 2 ** 30), 413],
      [
        'a checksum of an unknown kind',
        { ...creation(1), 'content-type': 'application/offset+octet-stream', 'upload-checksum': 'crc32 AA==' },
        400,
      ],
    ])('with %s are refused', async (what, headers, status) => {
      const before = await bytesUsed();
      const body = what.includes('checksum') ? 'x' : undefined;
      const answer = await anna.raw('POST', UPLOADS, headers as Record<string, string>, body);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
      expect(await bytesUsed()).toBe(before);
    });

    it('say that their length is needed at once', async () => {
      const answer = await anna.raw('POST', UPLOADS, { ...TUS, 'upload-defer-length': '1' });
      expect(await answer.json()).toMatchObject({ status: 400, code: 'upload_length_required' });
    });

    it('come by POST alone where nothing else passes', async () => {
      const by = (method: string) => ({ 'x-http-method-override': method });
      const bytes = someBytes(900);
      const at = await begin(bytes.length);
      const first = await anna.raw('POST', at, { ...chunk(0), ...by('PATCH') }, bytes.subarray(0, 500) as never);
      expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '500']);
      const head = await anna.raw('POST', at, { ...TUS, ...by('head') });
      expect([head.status, head.headers.get('upload-offset')]).toEqual([200, '500']);
      const rest = await anna.raw('POST', at, { ...chunk(500), ...by('PATCH') }, bytes.subarray(500) as never);
      expect(rest.status).toBe(204);
      expect(await served(idOf(at))).toBe(sha256(bytes));
      const other = await begin(10);
      expect((await anna.raw('POST', other, { ...TUS, ...by('DELETE') })).status).toBe(204);
      expect((await anna.raw('HEAD', other, TUS)).status).toBe(404);
    });

    it.each([
      ['a POST to an upload that stands for nothing', 'POST', {}],
      ['one that stands for itself', 'POST', { 'x-http-method-override': 'POST' }],
      ['a PATCH that stands for something else', 'PATCH', { 'x-http-method-override': 'DELETE' }],
    ])('do not take %s', async (_what, method, headers) => {
      const at = await begin(10);
      const answer = await anna.raw(method, at, { ...chunk(0), ...headers }, 'x');
      expect(await answer.json()).toMatchObject({ status: 400, code: 'invalid_method_override' });
      const created = await anna.raw('POST', UPLOADS, { ...creation(1), 'x-http-method-override': 'PATCH' });
      expect(await created.json()).toMatchObject({ status: 400, code: 'invalid_method_override' });
      expect((await anna.raw('HEAD', at, TUS)).headers.get('upload-offset')).toBe('0');
    });

    it('say what they speak', async () => {
      const { status, headers } = await anna.raw('OPTIONS', UPLOADS);
      expect(status).toBe(204);
      expect(headers.get('tus-extension')).toBe('creation,creation-with-upload,termination,expiration,checksum');
      expect(headers.get('tus-checksum-algorithm')).toContain('sha256');
      expect(Number(headers.get('tus-max-size'))).toBeGreaterThan(MB);
    });

    it('whose time is over are gone', async () => {
      const at = await begin(10);
      await stored.change(idOf(at), { upload_expires_at: new Date(Date.now() - 1000) });
      expect((await anna.raw('HEAD', at, TUS)).status).toBe(410);
      expect((await anna.raw('PATCH', at, chunk(0), 'x')).status).toBe(410);
    });
  });

  describe('in one request', () => {
    it('are streamed to their place, and counted as what they are', async () => {
      const before = Number(await bytesUsed());
      const bytes = someBytes(3 * MB);
      const answer = await anna.raw('POST', '/v1/files', {}, formOf(bytes, 'C:\\x\\"quoted".txt'));
      expect(answer.status).toBe(201);
      const file = (await answer.json()) as { id: string; name: string };
      expect(file).toMatchObject({ status: 'uploaded', size_bytes: bytes.length, owner: { user_external_id: 'anna' } });
      expect(await served(file.id)).toBe(sha256(bytes));
      expect(await bytesUsed()).toBe(before + bytes.length);
      expect((await anna.call('DELETE', `/v1/files/${file.id}`)).status).toBe(204);
      expect(await bytesUsed()).toBe(before);
    });

    it.each([
      ['no form', 'text', { 'content-type': 'text/plain' }, 415],
      ['JSON', '{}', { 'content-type': 'application/json' }, 400],
      ['a type that is not taken', formOf('MZ', 'a.exe', 'application/x-msdownload'), {}, 415],
      [
        'too many files',
        (() => {
          const form = formOf('1');
          form.append('file', new Blob(['2']), 'b');
          return form;
        })(),
        {},
        400,
      ],
      [
        'a field',
        (() => {
          const form = new FormData();
          form.append('a', 'b');
          return form;
        })(),
        {},
        400,
      ],
    ])('with %s are refused, and leave nothing', async (_what, body, headers, status) => {
      const before = [await bytesUsed(), await stored.collection('files').countDocuments({ tenant_id: tenant.id })];
      const answer = await anna.raw('POST', '/v1/files', headers as Record<string, string>, body as never);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
      expect([await bytesUsed(), await stored.collection('files').countDocuments({ tenant_id: tenant.id })]).toEqual(
        before,
      );
    });

    it('that break off leave nothing', async () => {
      const before = [await bytesUsed(), await stored.collection('files').countDocuments({ tenant_id: tenant.id })];
      const headers = {
        ...(await anna.credentials()),
        'content-type': 'multipart/form-data; boundary=x',
        'content-length': '2000000',
      };
      const broken = httpRequest(new URL('/v1/files', tenant.urlOf(0)), { method: 'POST', headers });
      broken.on('error', () => undefined);
      broken.write(
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: text/plain\r\n\r\n',
      );
      broken.write(someBytes(MB));
      await waitFor('it has begun', 5_000, async () => (await bytesUsed()) !== before[0]);
      broken.destroy();
      await waitFor('all is as it was', 5_000, async () => {
        const now = [await bytesUsed(), await stored.collection('files').countDocuments({ tenant_id: tenant.id })];
        return JSON.stringify(now) === JSON.stringify(before);
      });
    });
  });

  it('never take more than the tenant has room for, however many come at once', async () => {
    const other = await system.tenant(tier);
    const content = await StoredContent.of(other.id, tier, system.dataDir);
    try {
      const caller = await other.user('anna');
      expect((await caller.raw('POST', UPLOADS, creation(MB))).status).toBe(201);
      const room = { free: 1, pro: 100, enterprise: 1024 }[tier] * 2 ** 30;
      await content.collection('media_usage').updateOne({ tenant_id: other.id }, { $set: { bytes: room - 5 * MB } });
      const many = await Promise.all(
        Array.from({ length: 12 }, (_, at) => other.acting('anna', at % 2).raw('POST', UPLOADS, creation(MB))),
      );
      expect(many.map(({ status }) => status).sort()).toEqual([
        ...Array<number>(5).fill(201),
        ...Array<number>(7).fill(402),
      ]);
      expect(await caller.call('POST', UPLOADS, undefined, creation(1))).toMatchObject({
        status: 402,
        body: { code: 'quota_exceeded' },
      });
    } finally {
      await content.close();
    }
  });

  it('count exactly what the files are', async () => {
    const rows = await stored.collection('files').find({ tenant_id: tenant.id, deleted_at: null }).toArray();
    expect(await bytesUsed()).toBe(rows.reduce((sum, row) => sum + Number(row['size_bytes']), 0));
  });
});
