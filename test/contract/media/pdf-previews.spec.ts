import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patient, waitFor } from '#caas/testing';
import { makersOf } from '../../support/media/makers';
import { endlessPdf, hostilePdfs } from '../../support/media/pdfs';

const LIMIT_MS = 2_000;
/** For starting two tools, and for the thumbnails. */
const MORE_MS = patient(3_000);

const pdfs = hostilePdfs('http://127.0.0.1:9');
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'caas-pdf-'))));
afterAll(() => rm(folder, { recursive: true }));

async function made(bytes: Buffer, { timeoutMs = patient(10_000), signal = new AbortController().signal } = {}) {
  const at = await mkdtemp(join(folder, 'work-'));
  const [input, output] = [join(at, 'input'), join(at, 'out')];
  await mkdir(output);
  await writeFile(input, bytes);
  const work = { input, output, sizeBytes: bytes.length, maxDurationSeconds: 1, signal, progress: () => undefined };
  return makersOf(1, timeoutMs).make(work, { kind: 'document', content_type: 'application/pdf' });
}
const namesOf = ({ variants }: Awaited<ReturnType<typeof made>>) => variants.map(({ name }) => name);

/** The process of pdftoppm that draws something of this test. */
async function drawing(): Promise<string | undefined> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.startsWith('pdftoppm') && command.includes(folder)) return pid;
  }
  return undefined;
}

describe('The preview of a PDF', () => {
  it.each([
    'a PDF that calls',
    'a PDF of 14,400 points',
    'a PDF of a billion points',
    'a PDF whose table follows itself',
    'a PDF that wants 1.25 GB at once',
    'a PDF with a picture of 400 million pixels',
  ])('is there for %s', async (what) => {
    expect(namesOf(await made(pdfs[what]!))).toEqual(['original', 'thumb_160', 'thumb_480', 'thumb_1280']);
  });

  it.each([
    'a PDF with a header alone',
    'an encrypted PDF',
    'a PDF whose pages contain themselves',
    'a PDF of no pages',
  ])('is not there for %s, which is kept', async (what) => {
    const document = await made(pdfs[what]!);
    expect(document).toMatchObject({ kind: 'document', thumbhash: null });
    expect(namesOf(document)).toEqual(['original']);
  });

  it('is given up when it takes too long; the document and its number of pages are kept', async () => {
    const began = Date.now();
    const document = await made(endlessPdf(), { timeoutMs: LIMIT_MS });
    expect(document).toMatchObject({ page_count: 1, thumbhash: null });
    expect(namesOf(document)).toEqual(['original']);
    const took = Date.now() - began;
    expect(took).toBeGreaterThanOrEqual(LIMIT_MS);
    expect(took).toBeLessThan(LIMIT_MS + MORE_MS);
  });

  it('is drawn with little memory and at a low priority', async () => {
    const stopping = new AbortController();
    const ending = expect(made(endlessPdf(), { signal: stopping.signal })).rejects.toThrow();
    await waitFor('the page is being drawn', 20_000, async () => (await drawing()) !== undefined);
    const pid = await drawing();
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
    expect(limits).toMatch(/^Max address space +1073741824 /m);
    expect(limits).toMatch(/^Max file size +67108864 /m);
    // proc(5): the nice value is the 19th field, of which the first two are cut off.
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
    expect(fields[19 - 3]).toBe('15');
    stopping.abort();
    await ending;
  });

  it('is broken off when the worker stops, and nothing is concluded from that', async () => {
    const stopping = new AbortController();
    const ending = expect(made(endlessPdf(), { signal: stopping.signal })).rejects.toThrow('the worker is stopping');
    await waitFor('the page is being drawn', 20_000, async () => (await drawing()) !== undefined);
    stopping.abort(new Error('the worker is stopping'));
    await ending;
    expect(await drawing()).toBeUndefined();
  });
});
