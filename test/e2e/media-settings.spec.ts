import { sharedSystem, TIERS, waitFor } from '#caas/testing';
import { PDF, photograph, testAudio } from '../support/media/samples';
import { TenantFiles } from '../support/media/tenant-files';
import { b64, chunk, creation, TUS } from '../support/tus';

const UPLOADS = '/v1/files/uploads';
const MB = 2 ** 20;
const CEILINGS = { free: 25 * MB, pro: 1024 * MB, enterprise: 5 * 1024 * MB };
const system = sharedSystem();
let open: Awaited<ReturnType<typeof TenantFiles.opener>>;
beforeAll(async () => void (open = await TenantFiles.opener(system)));
afterAll(() => open?.close());

const formOf = (bytes: Buffer, name: string, type: string) => {
  const form = new FormData();
  form.append('file', new Blob([bytes as never], { type }), name);
  return form;
};

describe.each(TIERS)('Settings of media on the tier %s', (tier) => {
  const tenant = system.session(tier);
  let files: TenantFiles;
  beforeAll(() => void (files = open.of(tenant, tier)));
  afterEach(() => set({ media: null }));

  /** Sets it, and waits until both apis know. */
  const set = async (changes: { media: Record<string, unknown> | null }): Promise<void> => {
    const { status, body } = await tenant.server().patch('/v1/settings', changes);
    if (status !== 200) throw new Error(JSON.stringify(body));
    await waitFor('both apis to know', 5_000, async () => {
      const sizes = await Promise.all([0, 1].map(maxSize));
      return sizes.every((size) => size === body.media.max_file_bytes);
    });
  };
  const maxSize = async (process: number) =>
    Number((await tenant.server(process).raw('OPTIONS', UPLOADS)).headers.get('tus-max-size'));
  const form = async (bytes: Buffer, name: string, type: string, process = 1) => {
    const answer = await tenant.server(process).raw('POST', '/v1/files', {}, formOf(bytes, name, type));
    return { status: answer.status, body: (await answer.json()) as { id: string; code?: string } };
  };

  it('begin at the ceilings of the tier, and go no further', async () => {
    const { body } = await tenant.server().get('/v1/settings');
    expect(body.media).toMatchObject({ max_file_bytes: CEILINGS[tier], max_duration_seconds: 6 * 3600 });
    expect(body.media.allowed_types).toEqual(expect.arrayContaining(['image/*', 'application/pdf']));
    const wrong = {
      max_file_bytes: CEILINGS[tier] + 1,
      max_duration_seconds: 6 * 3600 + 1,
      allowed_types: ['image/png', 'application/*'],
    };
    const refused = await tenant.server().patch('/v1/settings', { media: wrong });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_settings' } });
    expect(refused.body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'media.allowed_types',
      'media.max_duration_seconds',
      'media.max_file_bytes',
    ]);
    for (const type of ['text/html', 'image/svg+xml;x', '*', 'image/', 'IMAGE/PNG', 'application/vnd*']) {
      const { status } = await tenant.server().patch('/v1/settings', { media: { allowed_types: [type] } });
      expect([type, status]).toEqual([type, 400]);
    }
  });

  it('bound the size of what is uploaded; what has begun goes on', async () => {
    const begun = await tenant.server(1).raw('POST', UPLOADS, creation(2_000));
    const at = begun.headers.get('location')!;
    await set({ media: { max_file_bytes: 1_000 } });
    for (const process of [0, 1]) {
      const tooLarge = await tenant.server(process).raw('POST', UPLOADS, creation(1_001));
      expect([tooLarge.status, ((await tooLarge.json()) as { code: string }).code]).toEqual([413, 'file_too_large']);
    }
    expect((await tenant.server().raw('POST', UPLOADS, creation(1_000))).status).toBe(201);
    expect(await form(Buffer.alloc(1_001, 'x'), 'a.txt', 'text/plain')).toMatchObject({
      status: 413,
      body: { code: 'file_too_large' },
    });
    expect(await form(Buffer.alloc(1_000, 'x'), 'a.txt', 'text/plain')).toMatchObject({ status: 201 });
    const rest = await tenant.server().raw('PATCH', at, chunk(0), Buffer.alloc(2_000, 'x') as never);
    expect(rest.status).toBe(204);
    expect((await tenant.server().raw('HEAD', at, TUS)).headers.get('upload-offset')).toBe('2000');
  });

  it('bound the types, as they are declared and as they are found', async () => {
    await set({ media: { allowed_types: ['image/png', 'image/jpeg', 'audio/*'], max_file_bytes: 1_000_000 } });
    const named = creation(10, `filename ${b64('a.pdf')},filetype ${b64('application/pdf')}`);
    expect((await tenant.server().raw('POST', UPLOADS, named)).status).toBe(415);
    expect(await form(PDF, 'a.pdf', 'application/pdf')).toMatchObject({
      status: 415,
      body: { code: 'file_type_not_allowed' },
    });
    const document = await files.ended(await files.upload({ name: 'a', bytes: PDF }));
    expect(document.file).toMatchObject({ status: 'rejected', problem: { code: 'type_not_allowed' } });
    const bytes = await photograph('nagasaki-boats');
    expect((await files.ended(await files.upload({ name: 'b', bytes }))).file).toMatchObject({ status: 'ready' });
  });

  it('bound how long sound and pictures last, also of bytes that are known already', async () => {
    const bytes = await testAudio('mp3', 3);
    expect((await files.ended(await files.upload({ name: 'a', bytes }))).file.status).toBe('ready');
    await set({ media: { max_duration_seconds: 2, max_file_bytes: 1_000_000 } });
    const shared = await files.ended(await files.upload({ name: 'b', bytes }));
    const fresh = await files.ended(await files.upload({ name: 'c', bytes: await testAudio('ogg', 3) }));
    for (const { file } of [shared, fresh]) {
      expect(file).toMatchObject({ status: 'rejected', problem: { code: 'media_too_large' } });
    }
    expect((await files.ended(await files.upload({ name: 'd', bytes: await testAudio('mp3', 1) }))).file.status).toBe(
      'ready',
    );
  });
});
