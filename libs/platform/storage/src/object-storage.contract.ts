import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { MultipartState } from './appendable-objects';
import type { ObjectStorage } from './object-storage';

/** What every driver must do; called from the spec of each. */
export function itIsObjectStorage(open: () => ObjectStorage): void {
  const storage = () => open();
  const text = (value: string) => Buffer.from(value);
  const read = async (key: string, range?: { start: number; end?: number }) => {
    const found = await storage().get(key, range);
    return found && (await buffer(found.body)).toString();
  };
  const keys = async (prefix: string) => {
    const found: string[] = [];
    for await (const { key } of storage().list(prefix)) found.push(key);
    return found.sort();
  };

  it('gives back what was put', async () => {
    const content = randomBytes(100_000);
    const put = await storage().put('a/b/c.bin', content);
    expect(put).toMatchObject({ key: 'a/b/c.bin', sizeBytes: 100_000 });
    expect(Math.abs(put.modifiedAt.getTime() - Date.now())).toBeLessThan(10_000);
    const found = await storage().get('a/b/c.bin');
    expect(found).toMatchObject({ ...put, range: { start: 0, end: 99_999 } });
    expect((await buffer(found!.body)).equals(content)).toBe(true);
    expect(await storage().head('a/b/c.bin')).toEqual(put);
    expect(await storage().exists('a/b/c.bin')).toBe(true);
  });

  it('takes streams of any length, and holds them to the length that was said', async () => {
    const chunks = Array.from({ length: 200 }, () => randomBytes(65_536));
    const whole = Buffer.concat(chunks);
    const put = await storage().put('stream', Readable.from(chunks), whole.length);
    expect(put.sizeBytes).toBe(whole.length);
    const found = await storage().get('stream');
    expect((await buffer(found!.body)).equals(whole)).toBe(true);

    await expect(storage().put('short', Readable.from([text('abc')]), 4)).rejects.toThrow(/4 bytes, but 3/);
    await expect(storage().put('long', Readable.from([text('abc')]), 2)).rejects.toThrow(/2 bytes, but 3/);
    await expect(storage().put('short', text('abc'), 4)).rejects.toThrow(/4 bytes, but 3/);
    expect(await storage().head('short')).toBeNull();
    expect(await storage().head('long')).toBeNull();
  });

  it('leaves what was there when a new content fails', async () => {
    await storage().put('kept', text('old'));
    const failing = Readable.from(
      (async function* () {
        yield text('new');
        await Promise.resolve();
        throw new Error('the sender is gone');
      })(),
    );
    await expect(storage().put('kept', failing)).rejects.toThrow('the sender is gone');
    expect(await read('kept')).toBe('old');
  });

  it('replaces, with another ETag', async () => {
    const first = await storage().put('replaced', text('1'));
    const second = await storage().put('replaced', text('2'));
    expect(second.etag).not.toBe(first.etag);
    expect(second.etag).toMatch(/^[\w-]+$/);
    expect(await read('replaced')).toBe('2');
  });

  it('keeps empty objects', async () => {
    await storage().put('empty', Buffer.alloc(0));
    await storage().put('empty-stream', Readable.from([]));
    expect(await read('empty')).toBe('');
    expect(await read('empty-stream')).toBe('');
    await expect(storage().get('empty', { start: 0 })).rejects.toThrow(RangeError);
  });

  it('reads ranges', async () => {
    await storage().put('range', text('0123456789'));
    expect(await read('range', { start: 2, end: 4 })).toBe('234');
    expect(await read('range', { start: 7 })).toBe('789');
    expect(await read('range', { start: 9, end: 9 })).toBe('9');
    expect(await read('range', { start: 8, end: 1000 })).toBe('89');
    const part = await storage().get('range', { start: 8, end: 1000 });
    expect(part).toMatchObject({ sizeBytes: 10, range: { start: 8, end: 9 } });
    part!.body.destroy();
    for (const range of [{ start: 10 }, { start: 5, end: 4 }, { start: -1, end: 2 }, { start: 1.5 }]) {
      await expect(storage().get('range', range)).rejects.toThrow(RangeError);
    }
  });

  it('knows nothing of what is not there', async () => {
    expect(await storage().get('absent')).toBeNull();
    expect(await storage().get('absent/deeper', { start: 1 })).toBeNull();
    expect(await storage().head('absent')).toBeNull();
    expect(await storage().exists('absent')).toBe(false);
    await storage().delete('absent');
    expect(await keys('absent')).toEqual([]);
  });

  it('forgets what is deleted', async () => {
    await storage().put('gone/one', text('1'));
    await storage().put('gone/two', text('2'));
    await storage().delete('gone/one');
    expect(await storage().get('gone/one')).toBeNull();
    expect(await read('gone/two')).toBe('2');
  });

  it('lists by prefix, wherever it ends', async () => {
    const put = ['list/a', 'list/a-b', 'list/a.b', 'list/a0', 'list/b/c', 'list/b-d', 'list/b.e', 'list/b0', 'list/B'];
    for (const key of [...put].reverse()) await storage().put(key, text(key));
    expect(await keys('list/')).toEqual([...put].sort());
    expect(await keys('list/b')).toEqual(['list/b-d', 'list/b.e', 'list/b/c', 'list/b0']);
    expect(await keys('list/b/')).toEqual(['list/b/c']);
    expect(await keys('list')).toEqual([...put].sort());
    for await (const info of storage().list('list/a0')) expect(info).toEqual(await storage().head('list/a0'));
  });

  it('deletes a folder, and not its neighbours', async () => {
    for (const key of ['t/clnt_a/1', 't/clnt_a/x/2', 't/clnt_ab/3']) await storage().put(key, text(key));
    await expect(storage().deleteFolder('t/clnt_a')).rejects.toThrow();
    expect(await storage().deleteFolder('t/clnt_a/')).toBe(2);
    expect(await keys('t/')).toEqual(['t/clnt_ab/3']);
  });

  it('bears many at once on one key: one of them wins, whole', async () => {
    const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(50_000));
    await Promise.all(contents.map((content) => storage().put('race/one/key', text(content))));
    expect(contents).toContain(await read('race/one/key'));
  });

  it('bears deleting and putting in one folder at once', async () => {
    const rounds = Array.from({ length: 20 }, async (_, index) => {
      await storage().put(`churn/deep/${index}`, text('x'));
      await storage().delete(`churn/deep/${index}`);
    });
    await Promise.all(rounds);
    expect(await keys('churn/')).toEqual([]);
  });

  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    '..',
    '../a',
    'a/../../b',
    'a/./b',
    'a\\b',
    'a b',
    'a\0',
    'ä',
    'a%2e',
    'x'.repeat(901),
  ])('refuses the key %j', async (key) => {
    const refusal = { code: 'invalid_object_key', kind: 'invalid' };
    await expect(storage().put(key, text('x'))).rejects.toMatchObject(refusal);
    await expect(storage().get(key)).rejects.toMatchObject(refusal);
    await expect(storage().head(key)).rejects.toMatchObject(refusal);
    await expect(storage().delete(key)).rejects.toMatchObject(refusal);
  });

  it.each(['/', '../', 'a/../', 'a//', './'])('refuses the prefix %j', async (prefix) => {
    await expect(keys(prefix)).rejects.toMatchObject({ code: 'invalid_object_key' });
  });

  describe('what grows', () => {
    /** Appends to an object as a caller does; the next process knows only the kept state. */
    class Grower {
      kept: string;
      constructor(readonly key: string) {}
      begin = async () => (this.kept = JSON.stringify(await storage().appendable.begin(this.key)));
      growth = () => JSON.parse(this.kept) as MultipartState;
      size = () => storage().appendable.sizeOf(this.key, this.growth());
      append = (body: Readable) =>
        storage().appendable.append(this.key, this.growth(), body, (growth) => {
          this.kept = JSON.stringify(growth);
          return Promise.resolve();
        });
      finish = () => storage().appendable.finish(this.key, this.growth());
    }
    const grower = async (key: string) => {
      const made = new Grower(key);
      await made.begin();
      return made;
    };

    it.each([0, 1, 3])('is seen once it is whole, %d pieces of 6 MB', async (pieces) => {
      const growing = await grower(`grown/${pieces}`);
      const bytes = Array.from({ length: pieces }, () => randomBytes(6_000_000));
      for (const [at, piece] of bytes.entries()) {
        await growing.append(Readable.from([piece.subarray(0, 70_000), piece.subarray(70_000)]));
        expect(await growing.size()).toBe((at + 1) * 6_000_000);
        expect(await storage().head(growing.key)).toBeNull();
      }
      expect((await growing.finish()).sizeBytes).toBe(pieces * 6_000_000);
      // The process died before it reported success: another one calls `finish` again.
      expect((await growing.finish()).sizeBytes).toBe(pieces * 6_000_000);
      expect(await growing.size()).toBe(pieces * 6_000_000);
      const found = await storage().get(growing.key);
      expect((await buffer(found!.body)).equals(Buffer.concat(bytes))).toBe(true);
      expect(await keys('growing')).toEqual([]);
    });

    it('keeps what came before its sender left', async () => {
      const growing = await grower('grown/cut');
      const bytes = randomBytes(10_000_000);
      const cut = Readable.from(
        (async function* () {
          for (let at = 0; at < 9_000_000; at += 500_000) yield bytes.subarray(at, at + 500_000);
          await Promise.resolve();
          throw new Error('the sender is gone');
        })(),
      );
      await expect(growing.append(cut)).rejects.toThrow('the sender is gone');
      const size = await growing.size();
      expect(size).toBe(9_000_000);
      await growing.append(Readable.from([bytes.subarray(size)]));
      await growing.finish();
      const found = await storage().get('grown/cut');
      expect((await buffer(found!.body)).equals(bytes)).toBe(true);
    });

    it('is forgotten when given up, and left alone when whole', async () => {
      const given = await grower('grown/given-up');
      await given.append(Readable.from([text('abc')]));
      await storage().appendable.discard('grown/given-up', given.growth());
      expect(await keys('grow')).not.toContain('grown/given-up');
      const whole = await grower('grown/whole');
      await whole.append(Readable.from([text('abc')]));
      await whole.finish();
      await storage().appendable.discard('grown/whole', whole.growth());
      expect(await read('grown/whole')).toBe('abc');
    });
  });

  it('is alive', async () => {
    await storage().ping();
  });
}
