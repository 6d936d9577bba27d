/**
 * `npm run contact-sheet [-- file.png]`: makes of photographs and test videos what a worker makes, and shows all of it on one sheet
 * to be looked at: a row for each source, with its thumbhash first, then its variants; of videos, a picture out of each.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp, { type OverlayOptions } from 'sharp';
import { thumbHashToRGBA } from 'thumbhash';
import { makersOf } from './makers';
import { animation, photograph, PHOTOGRAPHS, telephonePicture, testAudio, testVideo } from './samples';

const [CELL, GAP, LABEL, COLUMNS] = [200, 8, 18, 7];

interface Cell {
  label: string;
  picture: Buffer;
}

type Made = Awaited<ReturnType<ReturnType<typeof makersOf>['make']>>;

async function main(target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'caas-sheet-'));
  const makers = makersOf();
  try {
    const rows: Cell[][] = [];
    for (const { label, kind, content_type, bytes } of await sources()) {
      const at = await mkdtemp(join(folder, 'work-'));
      await mkdir(join(at, 'out'));
      await writeFile(join(at, 'input'), bytes);
      const signal = new AbortController().signal;
      const work = {
        input: join(at, 'input'),
        output: join(at, 'out'),
        sizeBytes: bytes.length,
        maxDurationSeconds: 3600,
        signal,
      };
      const made = await makers.make({ ...work, progress: () => undefined }, { kind, content_type });
      rows.push(await cellsOf(label, made, at));
    }
    await writeFile(target, await drawn(rows));
    console.log(target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sources() {
  const photographs = await Promise.all(
    PHOTOGRAPHS.map(
      async (name) =>
        ({ label: name, kind: 'image', content_type: 'image/jpeg', bytes: await photograph(name) }) as const,
    ),
  );
  return [
    ...photographs,
    { label: 'turned by EXIF', kind: 'image', content_type: 'image/jpeg', bytes: await telephonePicture() },
    { label: 'half transparent', kind: 'image', content_type: 'image/png', bytes: await transparent() },
    { label: 'animation', kind: 'image', content_type: 'image/gif', bytes: await animation('gif') },
    {
      label: 'video',
      kind: 'video',
      content_type: 'video/mp4',
      bytes: await testVideo({ size: '1280x960', seconds: 2 }),
    },
    { label: 'sound', kind: 'audio', content_type: 'audio/ogg', bytes: await testAudio('ogg') },
  ] as const;
}

const transparent = async () =>
  sharp(await photograph('nagasaki-boats'))
    .resize(700)
    .ensureAlpha(0.5)
    .png()
    .toBuffer();

async function cellsOf(label: string, made: Made, folder: string): Promise<Cell[]> {
  const cells: Cell[] = [];
  if (made.thumbhash !== null) {
    const { w, h, rgba } = thumbHashToRGBA(Buffer.from(made.thumbhash, 'base64'));
    const raw = { width: w, height: h, channels: 4 } as const;
    cells.push({ label: `${label}: thumbhash`, picture: await sharp(rgba, { raw }).png().toBuffer() });
  }
  if (made.waveform !== null) cells.push({ label: `${label}: waveform`, picture: await bars(made.waveform) });
  for (const { name, content_type, width, height, from } of made.variants) {
    const bytes = Buffer.isBuffer(from) ? from.length : undefined;
    const text = `${name} ${width ?? ''}x${height ?? ''} ${bytes ?? ''}`;
    if (content_type.startsWith('image/')) cells.push({ label: text, picture: from as Buffer });
    else if (content_type.startsWith('video/'))
      cells.push({ label: text, picture: await pictureOf((from as { path: string }).path, folder) });
  }
  return cells;
}

async function pictureOf(video: string, folder: string): Promise<Buffer> {
  const path = join(folder, 'picture.png');
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-i', video, '-frames:v', '1', path]);
  return sharp(path).png().toBuffer();
}

const bars = (waveform: number[]) =>
  svg(
    waveform
      .map((peak, at) => `<rect x="${at * 2}" y="${100 - peak}" width="1.5" height="${peak * 2}" fill="#246"/>`)
      .join(''),
  );

const text = (words: string) => svg(`<text y="13" font-size="11" font-family="sans-serif">${words}</text>`, LABEL);

const svg = (content: string, height = CELL) =>
  sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${CELL}" height="${height}">${content}</svg>`))
    .png()
    .toBuffer();

async function drawn(rows: Cell[][]): Promise<Buffer> {
  const [across, down] = [CELL + GAP, CELL + LABEL + GAP];
  const parts: OverlayOptions[] = [];
  for (const [row, cells] of rows.entries()) {
    for (const [column, { label, picture }] of cells.entries()) {
      const [left, top] = [GAP + column * across, GAP + row * down];
      const shown = await sharp(picture)
        .resize(CELL, CELL, { fit: 'inside', withoutEnlargement: true })
        .png()
        .toBuffer();
      parts.push({ input: await text(label), left, top }, { input: shown, left, top: top + LABEL });
    }
  }
  const size = { width: COLUMNS * across + GAP, height: rows.length * down + GAP };
  return sharp({ create: { ...size, channels: 3, background: '#dcd' } })
    .composite(parts)
    .png()
    .toBuffer();
}

void main(process.argv[2] ?? 'contact-sheet.png');
