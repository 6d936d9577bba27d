import { ObjectId } from 'mongodb';
import { sharedSystem, waitFor, type Caller } from '#caas/testing';
import { StoredContent } from '../support/stored-content';
import { b64, creation, someBytes } from '../support/tus';

const system = sharedSystem();

const picture = someBytes(5000);
const PLAYLIST = `#EXTM3U
#EXT-X-MAP:URI="init.mp4"
720p/index.m3u8
seg 0.ts?x=1
../../original
https://elsewhere.example/a.ts
`;

describe.each(['starter', 'pro', 'enterprise'] as const)('Files on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
  let stored: StoredContent;
  let id: string;
  beforeAll(async () => {
    stored = await StoredContent.of(tenant.id, tier, system.dataDir);
    id = await upload('Фото "1".png');
    await stored.makeReady(id, 'image/png', [
      { name: 'original', contentType: 'image/png', bytes: picture },
      { name: 'page.html', contentType: 'text/html', bytes: Buffer.from('<script>1</script>') },
      { name: 'hls/index.m3u8', contentType: 'application/vnd.apple.mpegurl', bytes: Buffer.from(PLAYLIST) },
      { name: 'hls/init.mp4', contentType: 'video/mp4', bytes: Buffer.from('init') },
    ]);
  });
  afterAll(() => stored.close());

  /** A new file of Anna's, with which the worker is done: what is put in the place of its content stays. */
  async function upload(name: string): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob(['as uploaded'], { type: 'image/png' }), name);
    const { id: made } = (await (await anna.raw('POST', '/v1/files', {}, form)).json()) as { id: string };
    // Not before its job is settled: of a file that it has refused it takes everything away after it has said so.
    await waitFor('the worker is done', 10_000, async () => {
      return (await stored.collection('outbox').countDocuments({ 'payload.file_id': made })) === 0;
    });
    return made;
  }
  const content = (headers: Record<string, string> = {}, variant = 'original', caller = anna) =>
    caller.raw('GET', `/v1/files/${id}/content?variant=${encodeURIComponent(variant)}`, headers);
  const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
  const problemOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];
  const link = async (body: object, of = id) => (await anna.post(`/v1/files/${of}/links`, body)).body.url as string;
  const nobody = (url: string, headers: Record<string, string> = {}) => fetch(url, { headers });

  it('are described, with a version, and listed to their owner', async () => {
    const file = await anna.get(`/v1/files/${id}`);
    expect(file).toMatchObject({
      status: 200,
      body: { id, name: 'Фото "1".png', status: 'ready', content_type: 'image/png' },
    });
    expect(file.etag).toMatch(/^"\d+-/);
    expect(JSON.stringify(file.body)).not.toContain('media/');
    const other = await upload('second.png');
    const page = await anna.get('/v1/files?limit=1');
    expect(page.body).toMatchObject({ data: [{ id: other }], page: { has_more: true, next_cursor: other } });
    expect((await anna.get(`/v1/files?cursor=${other}`)).body.data.map((each: { id: string }) => each.id)).toEqual([
      id,
    ]);
    expect((await ben.get('/v1/files')).body.data).toEqual([]);
    expect((await tenant.server().get('/v1/files')).body.data).toEqual([]);
  });

  it('are sent whole, so that no browser runs them', async () => {
    const answer = await content();
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '5000',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': expect.stringMatching(/^private/) as string,
      'content-disposition': `inline; filename="____ _1_.png"; filename*=UTF-8''%D0%A4%D0%BE%D1%82%D0%BE%20%221%22.png`,
    });
    expect((await bytesOf(answer)).equals(picture)).toBe(true);
    expect((await content({}, 'page.html')).headers.get('content-disposition')).toMatch(/^attachment; /);
    const head = await anna.raw('HEAD', `/v1/files/${id}/content`, { range: 'bytes=0-1' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5000', '']);
    expect(head.headers.get('etag')).toBe(answer.headers.get('etag'));
  });

  it.each([
    ['bytes=0-0', 206, 'bytes 0-0/5000', 0, 1],
    ['bytes=100-199', 206, 'bytes 100-199/5000', 100, 200],
    ['bytes=4990-', 206, 'bytes 4990-4999/5000', 4990, 5000],
    ['bytes=-10', 206, 'bytes 4990-4999/5000', 4990, 5000],
    ['bytes=-9999', 206, 'bytes 0-4999/5000', 0, 5000],
    ['bytes=4000-9999', 206, 'bytes 4000-4999/5000', 4000, 5000],
    ['bytes=0-1,5-6', 200, null, 0, 5000],
    ['bytes=5-1', 200, null, 0, 5000],
    ['items=0-1', 200, null, 0, 5000],
  ] as const)('answer the range %s', async (range, status, contentRange, start, end) => {
    const answer = await content({ range });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([status, contentRange]);
    expect((await bytesOf(answer)).equals(picture.subarray(start, end))).toBe(true);
  });

  it('answer conditions', async () => {
    const etag = (await content()).headers.get('etag')!;
    expect(etag).toMatch(/^"[\w-]{32}"$/);
    for (const tags of [etag, `"x", W/${etag}`, '*']) {
      expect((await content({ 'if-none-match': tags })).status).toBe(304);
    }
    expect((await content({ 'if-none-match': '"x"' })).status).toBe(200);
    expect((await content({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
    for (const other of ['"x"', `W/${etag}`, new Date().toUTCString()]) {
      expect((await content({ range: 'bytes=0-1', 'if-range': other })).status).toBe(200);
    }
    for (const range of ['bytes=5000-', 'bytes=-0']) {
      const answer = await content({ range });
      expect(answer.headers.get('content-range')).toBe('bytes */5000');
      expect(await problemOf(answer)).toEqual([416, 'range_not_satisfiable']);
    }
  });

  it('are never sent as they were uploaded', async () => {
    const raw = await upload('raw.png');
    await stored.change(raw, { status: 'uploaded', media_id: null });
    for (const variant of ['original', 'upload', '../upload']) {
      const answer = await anna.raw('GET', `/v1/files/${raw}/content?variant=${variant}`);
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(await problemOf(answer)).toEqual([409, 'file_not_ready']);
    }
    expect(await problemOf(await content({}, 'upload'))).toEqual([404, 'variant_not_found']);
    const problem = { code: 'file_type_not_allowed', detail: 'No.' };
    for (const [status, code] of [
      ['rejected', 409],
      ['failed', 410],
    ] as const) {
      await stored.change(raw, { status, problem });
      expect(await problemOf(await anna.raw('GET', `/v1/files/${raw}/content`))).toEqual([code, problem.code]);
    }
  });

  it('are nobody else’s to see', async () => {
    for (const path of ['', '/content', '/content?variant=x']) {
      expect((await ben.raw('GET', `/v1/files/${id}${path}`)).status).toBe(404);
      expect((await system.caller(null).raw('GET', `/v1/files/${id}${path}`)).status).toBe(401);
      expect((await tenant.server(1).raw('GET', `/v1/files/${id}`)).status).toBe(200);
    }
    expect((await ben.post(`/v1/files/${id}/links`, { expires_in: 10 })).status).toBe(404);
    expect((await ben.delete(`/v1/files/${id}`)).status).toBe(404);
  });

  it('lead a player from a playlist to its parts by the same authority', async () => {
    const url = await link({ expires_in: 60, variant: 'hls/index.m3u8' });
    const playlist = await (await nobody(url)).text();
    const { searchParams } = new URL(url);
    searchParams.set('variant', 'hls/init.mp4');
    expect(playlist).toContain(`#EXT-X-MAP:URI="?${searchParams}"`);
    expect(playlist).toContain('?variant=hls%2F720p%2Findex.m3u8&tenant=');
    expect(playlist).toContain('?variant=hls%2Fseg+0.ts&tenant=');
    expect(playlist).toContain('\nhttps://elsewhere.example/a.ts\n');
    const part = /URI="([^"]*)"/.exec(playlist)![1]!;
    expect(await (await nobody(new URL(part, url).href)).text()).toBe('init');
    const own = await (await content({}, 'hls/index.m3u8')).text();
    expect(own).toContain('URI="?variant=hls%2Finit.mp4"');
  });

  describe('by a link', () => {
    it('are anyone’s to read, whatever else the request carries', async () => {
      const before = Date.now();
      const { status, body } = await anna.post(`/v1/files/${id}/links`, { expires_in: 60 });
      const after = Date.now();
      expect(status).toBe(201);
      // A link's time is in whole seconds.
      const madeAt = Date.parse(body.expires_at) - 60_000;
      expect([madeAt > before - 1000, madeAt < after + 1000]).toEqual([true, true]);
      expect((await bytesOf(await nobody(body.url, { authorization: 'Bearer x' }))).equals(picture)).toBe(true);
      expect((await nobody(body.url, { range: 'bytes=0-4' })).status).toBe(206);
      expect((await nobody(body.url.replace(tenant.urlOf(0), tenant.urlOf(1)))).status).toBe(200);
    });

    it('that was altered, are not', async () => {
      const url = await link({ expires_in: 60 });
      const other = await upload('other.png');
      const stranger = await system.tenant(tier);
      const altered: [string, string][] = [
        ['variant', 'page.html'],
        ['expires', '9999999999'],
        ['tenant', stranger.id],
        ['by', '65a1b2c3d4e5f60718293a4b'],
        ['by', ''],
        ['tenant', 'clnt_x'],
        ['signature', 'x'],
        ['signature', ''],
      ];
      for (const [name, value] of altered) {
        const changed = new URL(url);
        changed.searchParams.set(name, value);
        expect(await problemOf(await nobody(changed.href))).toEqual([403, 'link_invalid']);
      }
      expect(await problemOf(await nobody(url.replace(id, other)))).toEqual([403, 'link_invalid']);
      const folder = new URL(await link({ expires_in: 60, variant: 'hls/index.m3u8' }));
      for (const variant of ['original', 'hls', 'hlsx/index.m3u8']) {
        folder.searchParams.set('variant', variant);
        expect(await problemOf(await nobody(folder.href))).toEqual([403, 'link_invalid']);
      }
      folder.searchParams.set('variant', 'hls/../original');
      expect((await nobody(folder.href)).status).toBe(404);
      expect((await nobody(`${url}&variant=original`)).status).toBe(400);
    });

    it('are read as long as who made it may read them', async () => {
      const room = await tenant.room('anna', ['ben']);
      const file = await upload('shared.png');
      const bytes = Buffer.from('shared');
      await stored.makeReady(file, 'image/png', [{ name: 'original', contentType: 'image/png', bytes }]);
      const message = await tenant.message('anna', room, { text: undefined, attachments: [{ file_id: file }] });
      const linkOf = async (who: Caller) =>
        (await who.post(`/v1/files/${file}/links`, { expires_in: 60 })).body.url as string;
      const links = [await linkOf(ben), await linkOf(tenant.server())];
      const statuses = async () => (await Promise.all(links.map((url) => nobody(url)))).map(({ status }) => status);
      expect(await statuses()).toEqual([200, 200]);
      await anna.delete(`${room.path}/members/ben`);
      await waitFor('it is closed', 5_000, async () => (await nobody(links[0]!)).status === 404);
      expect(await statuses()).toEqual([404, 200]);
      await anna.post(`${room.path}/members`, { member_ids: ['ben'] });
      expect(await statuses()).toEqual([200, 200]);
      await anna.delete(`/v1/messages/${message.id}`);
      expect(await statuses()).toEqual([404, 404]);
      const post = (await anna.post('/v1/posts', { kind: 'post', file_ids: [file], visibility: 'public' })).body;
      expect(await statuses()).toEqual([200, 200]);
      await anna.patch(`/v1/posts/${post.id}`, { visibility: 'private' });
      expect(await statuses()).toEqual([404, 200]);
      await anna.delete(`/v1/posts/${post.id}`);
      expect(await statuses()).toEqual([404, 404]);
    });

    it('that is over, or whose file or tenant is gone, are not', async () => {
      const short = await link({ expires_in: 1 });
      await waitFor('it is over', 3_000, async () => (await nobody(short)).status === 403);
      expect(await problemOf(await nobody(short))).toEqual([403, 'link_expired']);
      const doomed = await upload('doomed.png');
      const url = await link({ expires_in: 60 }, doomed);
      expect((await anna.delete(`/v1/files/${doomed}`)).status).toBe(204);
      expect(await problemOf(await nobody(url))).toEqual([404, 'file_not_found']);
      const alive = await link({ expires_in: 60 });
      await system.platform.patch(`/platform/v1/tenants/${tenant.id}`, { status: 'suspended' });
      await waitFor('it is closed', 6_000, async () => (await nobody(alive)).status === 403);
      expect(await problemOf(await nobody(alive))).toEqual([403, 'tenant_suspended']);
      await system.platform.patch(`/platform/v1/tenants/${tenant.id}`, { status: 'active' });
      await waitFor('it is open', 6_000, async () => (await nobody(alive)).status === 200);
      // Each process hears of it by itself.
      await waitFor('at both', 6_000, async () => (await tenant.server(1).get('/v1/files')).status === 200);
    });

    it.each([{}, { expires_in: 0 }, { expires_in: 604_801 }, { expires_in: 1, variant: '' }, { expires_in: 1, x: 1 }])(
      'are not given for %j',
      async (body) => {
        expect((await anna.post(`/v1/files/${id}/links`, body)).status).toBe(400);
      },
    );

    it('are not given for what is not there', async () => {
      const answer = await anna.post(`/v1/files/${id}/links`, { expires_in: 1, variant: 'none' });
      expect(answer).toMatchObject({ status: 404, body: { code: 'variant_not_found' } });
    });
  });

  it('are deleted by their owner once nothing holds them', async () => {
    const doomed = await upload('doomed.png');
    await stored.change(doomed, { reference_count: 1 });
    expect(await anna.delete(`/v1/files/${doomed}`)).toMatchObject({ status: 409, body: { code: 'file_in_use' } });
    await stored.change(doomed, { reference_count: 0 });
    const [first, second] = await Promise.all([0, 1].map((at) => tenant.server(at).delete(`/v1/files/${doomed}`)));
    expect([first!.status, second!.status].sort()).toEqual([204, 404]);
    expect((await anna.get(`/v1/files/${doomed}`)).status).toBe(404);
    const uploading = await anna.raw('POST', '/v1/files/uploads', creation(10, `filename ${b64('x')}`));
    const at = uploading.headers.get('location')!.split('/').at(-1)!;
    expect((await anna.delete(`/v1/files/${at}`)).status).toBe(204);
    expect(await stored.collection('files').findOne({ _id: new ObjectId(at) })).toBeNull();
  });
});
