import { patient, sharedSystem, TIERS, waitFor } from '#caas/testing';
import { coloredPdf } from '../support/media/pdfs';
import { heic, PDF, testVideo } from '../support/media/samples';
import { TenantFiles } from '../support/media/tenant-files';

const system = sharedSystem();
let open: Awaited<ReturnType<typeof TenantFiles.opener>>;

beforeAll(async () => void (open = await TenantFiles.opener(system)));
afterAll(() => open?.close());

describe.each(TIERS)('Clients on the tier %s', (tier) => {
  const tenant = system.session(tier);

  const upload = async (bytes: Buffer, name: string, type: string) => {
    const form = new FormData();
    form.append('file', new Blob([bytes as never], { type }), name);
    const answer = await tenant.server().raw('POST', '/v1/files', {}, form);
    const { id } = (await answer.json()) as { id: string };
    let file: { status: string; variants: { name: string }[]; problem: object | null };
    await waitFor('the worker to be done with it', 20_000, async () => {
      file = (await tenant.server().get(`/v1/files/${id}`)).body;
      return ['ready', 'rejected', 'failed'].includes(file.status);
    });
    return { id, file: file! };
  };
  const content = (id: string, variant: string) =>
    tenant.server().raw('GET', `/v1/files/${id}/content?variant=${variant}`);

  it('are told that a picture in HEIC is not read, and what to send instead', async () => {
    const { id, file } = await upload(await heic(), 'IMG_1.heic', 'image/heic');
    expect(file).toMatchObject({
      status: 'rejected',
      problem: { code: 'heic_not_supported', detail: expect.stringContaining('JPEG') },
    });
    const refused = await content(id, 'original');
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([409, 'heic_not_supported']);
  });

  it('get a PDF as it is, its number of pages, and a preview of the first', async () => {
    const bytes = coloredPdf(['1 0 0', '0 0 1']);
    const { id, file } = await upload(bytes, 'a.pdf', 'application/pdf');
    expect(file).toMatchObject({ status: 'ready', kind: 'document', page_count: 2, thumbhash: expect.any(String) });
    const names = ['original', 'thumb_160', 'thumb_480', 'thumb_1280'];
    expect(file.variants.map(({ name }) => name)).toEqual(names);
    expect(Buffer.from(await (await content(id, 'original')).arrayBuffer())).toEqual(bytes);
    const shown = await content(id, 'thumb_480');
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/webp']);
  });

  it('get a PDF without pages as it is, and no preview of it', async () => {
    const { id, file } = await upload(PDF, 'a.pdf', 'application/pdf');
    expect(file).toMatchObject({ status: 'ready', page_count: null, thumbhash: null });
    expect(file.variants.map(({ name }) => name)).toEqual(['original']);
    expect(Buffer.from(await (await content(id, 'original')).arrayBuffer())).toEqual(PDF);
    for (const variant of ['thumb_160', 'poster']) expect((await content(id, variant)).status).toBe(404);
  });
});

it(
  'Operators see on their page how far the job of a video is, and whose it is',
  async () => {
    const tenant = await system.tenant('pro');
    const files = open.of(tenant, 'pro');
    const seen = new Set<number>();
    const jobOf = async (id: string, status: string) => {
      const path = `/admin/queues/api/queues?activeQueue=media&status=${status}&page=1&jobsPerPage=50`;
      const { body } = await system.platform.get(path);
      const queue = body.queues.find(({ name }: { name: string }) => name === 'media');
      return queue.jobs.find(({ data }: { data: { file_id: string } }) => data.file_id === id);
    };
    const bytes = await testVideo({ size: '640x360', seconds: 15 });
    const id = (await files.upload({ name: 'v.mp4', bytes })).toHexString();
    let done: { progress: number; data: { tenant_id: string } } | undefined;
    await waitFor('the job to be done', 40_000, async () => {
      const active = await jobOf(id, 'active');
      if (active) seen.add(Number(active.progress));
      done = await jobOf(id, 'completed');
      return done !== undefined;
    });
    expect(done).toMatchObject({ progress: 100, data: { tenant_id: tenant.id } });
    expect([...seen].filter((percent) => percent > 0 && percent < 100).length).toBeGreaterThan(0);
  },
  patient(60_000),
);
