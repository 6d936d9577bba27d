import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { makersOf } from '../../../support/media/makers';
import { photograph, PHOTOGRAPHS } from '../../../support/media/samples';
import { median } from '../../support/statistics';
import type { Table } from '../../messaging/table';

const SIDES = [160, 480, 1280];
const QUALITY = 80;
/** As many as a worker has at once. */
const AT_ONCE = 2;
const ROUNDS = 3;
const REPETITIONS = 3;

type Work = (path: string) => Promise<unknown>;

/** Photographs of 12 megapixels: three thumbnails, and the whole of what is made of a picture, beside as many bare pipelines. */
export async function thumbnails(table: Table): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'caas-bench-'));
  try {
    const paths = await pictures(folder);
    const { images } = makersOf();
    const three = (effort?: number) => (path: string) => Promise.all(SIDES.map((side) => bare(path, side, effort)));
    const four = (path: string) =>
      Promise.all([three()(path), sharp(path).autoOrient().jpeg({ quality: 90 }).toBuffer()]);
    const ours = (path: string) => images.thumbnails(sharp(path), { width: 4032, height: 3024 });
    const whole = (path: string) => images.make({ input: path }, 'image/jpeg');
    table.heading(`Thumbnails of photographs of 12 megapixels, ${AT_ONCE} at once`);
    const ways = [three(), three(2), ours, four, whole];
    const [bareThree, bareSame, made, bareFour, madeWhole] = (await compare(ways, paths)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    table.note(
      `bare: three pipelines ${bareThree.toFixed(1)} thumbnails/s, with effort 2 ${bareSame.toFixed(1)}; and the picture ${bareFour.toFixed(1)}`,
    );
    table.note(`ours: thumbnails ${made.toFixed(1)}/s; and the picture, header and thumbhash ${madeWhole.toFixed(1)}`);
    await sizes(table, paths);
    table.add({ what: 'thumbnails per second, of three bare pipelines', figure: made / bareThree, goal: 1.2 });
    table.add({ what: 'all of a picture, of four bare pipelines', figure: madeWhole / bareFour, goal: 1.2 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const bare = (path: string, side: number, effort?: number) =>
  sharp(path)
    .autoOrient()
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: QUALITY, ...(effort === undefined ? {} : { effort }) })
    .toBuffer();

/** Thumbnails per second of each way: medians of repetitions taken in turn. */
async function compare(ways: Work[], paths: string[]): Promise<number[]> {
  for (const way of ways) await timed(way, paths, 1);
  const rates: number[][] = ways.map(() => []);
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    for (const [at, way] of ways.entries()) {
      const seconds = await timed(way, paths, ROUNDS);
      rates[at]!.push((SIDES.length * paths.length * ROUNDS) / seconds);
    }
  }
  return rates.map(median);
}

async function timed(way: Work, paths: string[], rounds: number): Promise<number> {
  const queue = Array.from({ length: rounds }, () => paths).flat();
  const startedAt = performance.now();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) await way(path);
  });
  await Promise.all(workers);
  return (performance.now() - startedAt) / 1000;
}

/** What a lower effort costs: bytes, and how far the pixels are from the picture's. */
async function sizes(table: Table, paths: string[]): Promise<void> {
  for (const effort of [4, 2]) {
    let [bytes, difference, pixels] = [0, 0, 0];
    for (const path of paths) {
      const webp = await bare(path, 1280, effort);
      const [written, meant] = await Promise.all([
        sharp(webp).raw().toBuffer(),
        sharp(path).autoOrient().resize(1280, 1280, { fit: 'inside' }).raw().toBuffer(),
      ]);
      bytes += webp.length;
      for (const [at, value] of written.entries()) difference += (value - meant[at]!) ** 2;
      pixels += written.length;
    }
    const psnr = 10 * Math.log10(255 ** 2 / (difference / pixels));
    table.note(`effort ${effort}: ${bytes} bytes in all at 1280, PSNR ${psnr.toFixed(2)} dB`);
  }
}

async function pictures(folder: string): Promise<string[]> {
  return Promise.all(
    PHOTOGRAPHS.map(async (name) => {
      const path = join(folder, `${name}.jpg`);
      const large = sharp(await photograph(name))
        .resize(4032, 3024, { fit: 'cover' })
        .sharpen();
      await writeFile(path, await large.jpeg({ quality: 90 }).toBuffer());
      return path;
    }),
  );
}
