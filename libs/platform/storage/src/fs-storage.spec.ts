import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FsStorage } from './fs-storage';
import { itIsObjectStorage } from './object-storage.contract';

describe('a folder', () => {
  let folder: string;
  let storage: FsStorage;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'caas-storage-'));
    storage = new FsStorage(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  itIsObjectStorage(() => storage);

  it('keeps nothing half-written and no empty folders', async () => {
    await storage.put('tidy/up/file', Buffer.from('x'));
    await storage.delete('tidy/up/file');
    await expect(storage.put('tidy/no', Readable.from([Buffer.from('x')]), 2)).rejects.toThrow();
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
    expect(readdirSync(join(folder, 'objects'))).not.toContain('tidy');
  });

  it('removes what a killed process left half-written, and nothing that is being written', async () => {
    const incoming = join(folder, 'incoming');
    const [left, fresh] = [join(incoming, 'left'), join(incoming, 'fresh')];
    for (const draft of [left, fresh]) writeFileSync(draft, 'half');
    const anHourAgo = new Date(Date.now() - 60 * 60_000);
    utimesSync(left, anHourAgo, anHourAgo);
    await expect(storage.removeDrafts(new Date(Date.now() - 60_000))).resolves.toBe(1);
    expect(readdirSync(incoming)).toEqual(['fresh']);
    rmSync(fresh);
    await expect(new FsStorage(join(folder, 'none')).removeDrafts(new Date())).resolves.toBe(0);
  });

  it('is for its owner', async () => {
    await storage.put('private', Buffer.from('x'));
    expect(statSync(join(folder, 'objects/private')).mode & 0o077).toBe(0);
  });

  it('keeps a reader on the content it opened', async () => {
    await storage.put('read', Buffer.from('a'.repeat(500_000)));
    const reading = (await storage.get('read'))!;
    await storage.put('read', Buffer.from('b'));
    await storage.delete('read');
    let size = 0;
    for await (const chunk of reading.body as AsyncIterable<Buffer>) {
      expect(chunk.includes('b')).toBe(false);
      size += chunk.length;
    }
    expect(size).toBe(500_000);
  });

  it('says when it cannot be written', async () => {
    const file = join(folder, 'not-a-folder');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    await expect(new FsStorage(file).ping()).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});
