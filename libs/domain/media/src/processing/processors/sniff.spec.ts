import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agreeWith, sniff } from './sniff';

describe('sniff', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'caas-sniff-'))));
  afterAll(() => rm(folder, { recursive: true }));

  const sniffed = async (bytes: string | Buffer) => {
    const path = join(folder, 'input');
    await writeFile(path, bytes);
    return sniff(path);
  };

  it.each([
    ['plain words', 'grüße, 你好', 'document', 'text/plain'],
    ['words with a tag in them', 'a <b> c', 'document', 'text/plain'],
    ['text whose last character is cut off by the head', 'é'.repeat(32 * 1024) + 'é', 'document', 'text/plain'],
    ['bytes of no known form', Buffer.from([0, 1, 2, 3, 250, 251]), 'other', 'application/octet-stream'],
    ['a PDF', '%PDF-1.7\n', 'document', 'application/pdf'],
  ])('knows %s', async (_what, bytes, kind, content_type) => {
    expect(await sniffed(bytes)).toEqual({ kind, content_type });
  });

  it.each([
    ['a drawing', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['a drawing after blanks and comments', '  \n<!-- a --> <!-- b -->\n<svg/>'],
    ['a page', '<!DOCTYPE html><p>'],
    ['a page in capitals', '<HTML><BODY>'],
    ['XML', '<?xml version="1.0"?><a/>'],
    ['a script', '<script>alert(1)</script>'],
  ])('refuses %s', async (_what, bytes) => {
    await expect(sniffed(bytes)).rejects.toMatchObject({ status: 'rejected', code: 'active_content' });
  });

  it.each(['#EXTM3U\n', '\n\n#EXTM3U', 'ffconcat version 1.0', '[playlist]\nFile1=x'])(
    'refuses the list %j',
    async (bytes) => {
      await expect(sniffed(bytes)).rejects.toMatchObject({ code: 'playlist_not_allowed' });
    },
  );

  it('refuses no bytes at all', async () => {
    await expect(sniffed('')).rejects.toMatchObject({ code: 'empty_file' });
  });
});

describe('agreeWith', () => {
  const text = { kind: 'document', content_type: 'text/plain' } as const;

  it.each([null, '', 'text/html', 'application/octet-stream'])(
    'believes the content where %j was declared',
    (declared) => {
      expect(() => agreeWith(declared, text)).not.toThrow();
    },
  );

  it.each(['image/png', 'IMAGE/PNG', 'video/mp4', 'audio/ogg'])('refuses text that was declared as %s', (declared) => {
    expect(() => agreeWith(declared, text)).toThrow(/type_mismatch/);
  });

  it('lets videos and audios pass for each other', () => {
    expect(() => agreeWith('video/webm', { kind: 'audio', content_type: 'audio/webm' })).not.toThrow();
  });
});
