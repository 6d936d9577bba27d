import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { sharedSystem, waitFor } from '#caas/testing';
import { polyglot } from '../support/media/hostile';
import { coloredPdf } from '../support/media/pdfs';
import { probed } from '../support/media/probe';
import {
  animation,
  PDF,
  photograph,
  PHOTOGRAPHS,
  telephonePicture,
  testAudio,
  testVideo,
} from '../support/media/samples';
import { TenantFiles, type Upload } from '../support/media/tenant-files';

const TIERS = ['starter', 'pro', 'enterprise'] as const;
const system = sharedSystem();
let open: Awaited<ReturnType<typeof TenantFiles.opener>>;
beforeAll(async () => void (open = await TenantFiles.opener(system)));
afterAll(() => open?.close());

const ended = async (files: TenantFiles, upload: Upload) => files.ended(await files.upload(upload));
const shapeOf = ({ variants }: { variants: { name: string; width: number; height: number }[] }) =>
  Object.fromEntries(variants.map(({ name, width, height }) => [name, [width, height]]));

describe.each(TIERS)('on %s', (tier) => {
  const tenant = system.session(tier, 'anna');
  let files: TenantFiles;
  beforeAll(() => void (files = open.of(tenant, tier)));

  it('makes of a picture what is served: turned, without its tags, in four sizes; and tells the owner', async () => {
    const anna = await tenant.socket('anna', 1);
    const bytes = await telephonePicture();
    const id = await files.upload({ name: 'p.jpg', bytes, declared_type: 'image/jpeg', owner: 'anna' });
    const { file, media } = await files.ended(id);
    expect(file).toMatchObject({ status: 'ready', problem: null, leased_until: null });
    expect(media).toMatchObject({
      status: 'ready',
      kind: 'image',
      content_type: 'image/jpeg',
      width: 1200,
      height: 1600,
    });
    expect(media.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(shapeOf(media)).toEqual({
      original: [1200, 1600],
      thumb_160: [120, 160],
      thumb_480: [360, 480],
      thumb_1280: [960, 1280],
    });
    expect(Buffer.from(media.thumbhash, 'base64').length).toBeLessThan(40);
    for (const { object, width, height, size_bytes } of media.variants) {
      const served = await files.bytes(`${media.object_prefix}/${object}`);
      expect(served.length).toBe(size_bytes);
      const metadata = await sharp(served).metadata();
      expect(metadata).toMatchObject({ width, height });
      for (const told of ['exif', 'icc', 'xmp', 'iptc', 'orientation'] as const) expect(metadata[told]).toBeUndefined();
    }
    await waitFor('the news', 5_000, () => anna.of('file.updated').some(({ data }) => data['status'] === 'ready'));
    expect(anna.of('file.updated').map(({ data }) => data['status'])).toEqual(['processing', 'ready']);
    expect(anna.of('file.updated').at(-1)!.data).toMatchObject({ id: id.toHexString(), width: 1200, progress: null });
  });

  it('makes of a video a poster, 720p and HLS, none of it with its tags', async () => {
    const { file, media } = await ended(files, { name: 'v.mp4', bytes: await testVideo({ size: '1280x960' }) });
    expect(file).toMatchObject({ status: 'ready', problem: null });
    expect(media).toMatchObject({ kind: 'video', content_type: 'video/mp4', width: 1280, height: 960 });
    expect(media.duration_ms).toBeGreaterThan(900);
    expect(shapeOf(media)).toEqual({
      original: [1280, 960],
      poster: [1280, 960],
      '720p': [960, 720],
      'hls/segments.ts': [960, 720],
      'hls/index.m3u8': [960, 720],
    });
    const played = await probed(await files.bytes(`${media.object_prefix}/720p.mp4`));
    expect(played.streams).toMatchObject([
      { codec_name: 'h264', pix_fmt: 'yuv420p', width: 960, height: 720 },
      { codec_name: 'aac' },
    ]);
    for (const name of ['720p.mp4', 'original.mp4', 'hls/segments.ts']) {
      const bytes = await files.bytes(`${media.object_prefix}/${name}`);
      expect(bytes.includes('Secret title') || bytes.includes('+32.75')).toBe(false);
    }
    const list = (await files.bytes(`${media.object_prefix}/hls/index.m3u8`)).toString();
    expect(list).toMatch(/^#EXTM3U[\s\S]*#EXT-X-BYTERANGE:\d+@0\nsegments.ts\n[\s\S]*#EXT-X-ENDLIST/);
    const mp4 = await files.bytes(`${media.object_prefix}/720p.mp4`);
    expect(mp4.indexOf('moov')).toBeLessThan(mp4.indexOf('mdat'));
  });

  it('keeps the same bytes once: who comes later shares them, also at the same time', async () => {
    const bytes = await photograph('locomotion-house-cat');
    const first = await files.upload({ name: 'one.jpg', bytes });
    const [second, third] = [await files.upload({ name: 'two.jpg', bytes }), await files.upload({ name: 'x', bytes })];
    const all = await Promise.all([first, second, third].map((id) => files.ended(id)));
    expect(all.map(({ file }) => file.status)).toEqual(['ready', 'ready', 'ready']);
    expect(new Set(all.map(({ media }) => media._id.toHexString())).size).toBe(1);
    await files.settled();
    const { media } = all[0]!;
    const later = await ended(files, { name: 'later.jpg', bytes });
    expect(later.media.object_prefix).toBe(media.object_prefix);
    await files.settled();
    // Not one upload is left, and nothing that no content names.
    const named = (await files.rows('media_metadata')).flatMap(({ object_prefix, variants }) =>
      (variants as { object: string }[]).map(({ object }) => `${object_prefix}/${object}`),
    );
    expect(await files.objects()).toEqual(named.sort());
  });
});

describe('what becomes of', () => {
  const tenant = system.session('starter');
  let files: TenantFiles;
  beforeAll(() => void (files = open.of(tenant, 'starter')));

  it.each(PHOTOGRAPHS)('the photograph %s: thumbnails that show it', async (name) => {
    const bytes = await photograph(name);
    const { media } = await ended(files, { name: `${name}.jpg`, bytes });
    const thumb = media.variants.find((variant: { name: string }) => variant.name === 'thumb_160');
    const shown = await files.bytes(`${media.object_prefix}/${thumb.object}`);
    const size = { width: thumb.width, height: thumb.height, fit: 'fill' } as const;
    const [a, b] = await Promise.all([shown, bytes].map((each) => sharp(each).resize(size).raw().toBuffer()));
    const difference = a!.reduce((sum, value, at) => sum + Math.abs(value - b![at]!), 0) / a!.length;
    expect(difference).toBeLessThan(12);
    // Not larger than the picture.
    expect(shapeOf(media)).not.toHaveProperty('thumb_1280');
  });

  it.each(['gif', 'webp'] as const)('an animated %s: it stays animated', async (format) => {
    const { media } = await ended(files, { name: 'a', bytes: await animation(format) });
    expect(media).toMatchObject({ kind: 'image', width: 200, height: 120 });
    const original = await sharp(await files.bytes(`${media.object_prefix}/original.${format}`), {
      animated: true,
    }).metadata();
    expect(original).toMatchObject({ format, pages: 3, pageHeight: 120 });
    expect(shapeOf(media)).toEqual({ original: [200, 120], thumb_160: [160, 96] });
  });

  it('pictures in gray, with transparency, and in AVIF', async () => {
    const picture = sharp(await photograph('nagasaki-boats')).resize(300);
    const made = await Promise.all([
      picture.clone().grayscale().toColourspace('b-w').jpeg().toBuffer(),
      picture.clone().ensureAlpha(0.5).png().toBuffer(),
      picture.clone().avif({ effort: 0 }).toBuffer(),
      picture.clone().tiff().toBuffer(),
    ]);
    const all = await Promise.all(made.map((bytes) => ended(files, { name: 'p', bytes })));
    expect(all.map(({ file }) => file.status)).toEqual(['ready', 'ready', 'ready', 'ready']);
    const types = all.map(({ media }) => media.variants[0].content_type);
    expect(types).toEqual(['image/jpeg', 'image/png', 'image/jpeg', 'image/jpeg']);
    const { media } = all[1]!;
    const thumb = await sharp(await files.bytes(`${media.object_prefix}/thumb_160.webp`)).stats();
    expect(thumb.channels[3]!.mean).toBeCloseTo(127, -1);
  });

  it('a video that was filmed upright, and one in WebM: shown as they are, not enlarged', async () => {
    const lying = await testVideo({ size: '320x180' });
    const [upright, webm] = await Promise.all([
      ended(files, { name: 'u.mov', bytes: await turned(lying), declared_type: 'video/quicktime' }),
      ended(files, { name: 'w.webm', bytes: await testVideo({ size: '322x182', ending: 'webm' }) }),
    ]);
    expect(upright.media).toMatchObject({ kind: 'video', width: 180, height: 320 });
    expect(shapeOf(upright.media)).toMatchObject({ '720p': [180, 320], poster: [180, 320] });
    expect(webm.media).toMatchObject({ kind: 'video', content_type: 'video/webm', width: 322, height: 182 });
    expect(shapeOf(webm.media)).toMatchObject({ original: [322, 182], '720p': [322, 182] });
  });

  it('sound, in whatever container: how long and how loud it is, without its tags', async () => {
    const sounds = await Promise.all(
      ['mp3', 'm4a', 'ogg', 'wav', 'flac', 'webm'].map(async (ending) => {
        const bytes = await testAudio(ending);
        return ended(files, { name: `a.${ending}`, bytes, declared_type: 'audio/x' });
      }),
    );
    for (const { file, media } of sounds) {
      expect(file).toMatchObject({ status: 'ready', problem: null });
      expect(media).toMatchObject({ kind: 'audio', width: null });
      expect(Math.abs(media.duration_ms - 1000)).toBeLessThan(120);
      expect(media.waveform).toHaveLength(100);
      expect(media.waveform[5]).toBeGreaterThan(media.waveform[80]);
      const { object } = media.variants[0];
      expect((await files.bytes(`${media.object_prefix}/${object}`)).includes('Secret title')).toBe(false);
    }
  });

  it('a document: kept as it is', async () => {
    const { media } = await ended(files, { name: 'd.pdf', bytes: PDF });
    expect(media).toMatchObject({ kind: 'document', content_type: 'application/pdf', size_bytes: PDF.length });
    expect(await files.bytes(`${media.object_prefix}/original`)).toEqual(PDF);
    expect((await ended(files, { name: 'n.txt', bytes: Buffer.from('grüße') })).media).toMatchObject({
      content_type: 'text/plain',
    });
  });

  it('a PDF: its first page, in the sizes of thumbnails', async () => {
    const { file, media } = await ended(files, { name: 'd.pdf', bytes: coloredPdf(['1 0 0', '0 0 1', '0 1 0']) });
    expect(file).toMatchObject({ status: 'ready', problem: null });
    expect(media).toMatchObject({ kind: 'document', content_type: 'application/pdf', page_count: 3, width: null });
    expect(shapeOf(media)).toEqual({
      original: [null, null],
      thumb_160: [120, 160],
      thumb_480: [360, 480],
      thumb_1280: [960, 1280],
    });
    for (const side of [160, 480, 1280]) {
      const { channels } = await sharp(await files.bytes(`${media.object_prefix}/thumb_${side}.webp`)).stats();
      const [red, green, blue] = channels.map(({ mean }) => mean);
      expect(red).toBeGreaterThan(240);
      expect(Math.max(green!, blue!)).toBeLessThan(15);
    }
  });

  it('a script or an archive behind a picture: lost', async () => {
    const { media } = await ended(files, { name: 'p.jpg', bytes: await polyglot(), declared_type: 'image/jpeg' });
    const served = await files.bytes(`${media.object_prefix}/original.jpg`);
    expect(served.includes('<script>') || served.includes('PK\x03\x04')).toBe(false);
  });
});

/** The same video with the note that it is to be turned by 90°. */
async function turned(mp4: Buffer): Promise<Buffer> {
  const changed = Buffer.from(mp4);
  // tkhd, version 0: its matrix is 40 bytes into the box' content; [0 1; -1 0] in 16.16.
  const matrix = changed.indexOf('tkhd') + 4 + 40;
  for (const [at, value] of [0, 0x10000, 0, -0x10000, 0].entries()) changed.writeInt32BE(value, matrix + 4 * at);
  return Promise.resolve(changed);
}
