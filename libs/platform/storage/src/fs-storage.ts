import { randomBytes } from 'node:crypto';
import { createReadStream, type BigIntStats, type Dirent } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { FsAppendable } from './fs-appendable';
import { parseKeyPrefix, parseObjectKey } from './object-key';
import type { ObjectInfo } from './object-info';
import { ObjectStorage, resolveRange, type ByteRange, type StoredObject } from './object-storage';

const ATTEMPTS = 5;

/** Objects as files below a folder: `objects/<key>`. Incomplete objects are in `incoming/` and `growing/`. */
export class FsStorage extends ObjectStorage {
  private readonly objects: string;
  private readonly incoming: string;
  override readonly appendable: FsAppendable;

  constructor(folder: string) {
    super();
    this.objects = join(folder, 'objects');
    this.incoming = join(folder, 'incoming');
    this.appendable = new FsAppendable(join(folder, 'growing'), {
      head: (key) => this.head(key),
      moveIntoPlace: (draft, key) => this.moveIntoPlace(draft, this.pathOf(key)),
      syncFolder,
    });
  }

  override async put(key: string, body: Uint8Array | Readable, sizeBytes?: number): Promise<ObjectInfo> {
    const path = this.pathOf(key);
    const draft = await this.writeDraft(body, sizeBytes);
    try {
      await this.moveIntoPlace(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    const info = await this.head(key);
    // Happens only when the object is deleted at this very moment.
    if (!info) throw new Error(`The object ${key} is gone already.`);
    return info;
  }

  override async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
    const file = await openFile(this.pathOf(key));
    if (!file) return null;
    try {
      // From the open file, which stays the same when another file replaces it.
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) return await file.close().then(() => null);
      const info = infoOf(key, stats);
      const { start, end } = resolveRange(range, info.sizeBytes);
      return { ...info, range: { start, end }, body: await bodyOf(file, start, end) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  override async head(key: string): Promise<ObjectInfo | null> {
    try {
      const stats = await stat(this.pathOf(key), { bigint: true });
      return stats.isFile() ? infoOf(key, stats) : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  override async delete(key: string): Promise<void> {
    const path = this.pathOf(key);
    try {
      await rm(path);
    } catch (error) {
      if (isMissing(error) || isCode(error, 'ERR_FS_EISDIR', 'EISDIR')) return;
      throw error;
    }
    await syncFolder(dirname(path));
    await this.removeEmptyFolders(dirname(path));
  }

  override async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const parts = parseKeyPrefix(prefix).split('/');
    const beginning = parts.pop()!;
    const folder = parts.map((part) => `${part}/`).join('');
    for await (const key of this.walk(folder, beginning)) {
      const info = await this.head(key);
      if (info) yield info;
    }
  }

  override async removeDrafts(before: Date): Promise<number> {
    let count = 0;
    for (const { name } of await readFolder(this.incoming)) {
      const draft = join(this.incoming, name);
      const stats = await stat(draft).catch(() => null);
      if (!stats || stats.mtimeMs >= before.getTime()) continue;
      await rm(draft, { force: true });
      count += 1;
    }
    return count;
  }

  override async ping(): Promise<void> {
    const draft = await this.writeDraft(Buffer.from('ping'));
    await rm(draft);
  }

  private async *walk(folder: string, beginning = ''): AsyncIterable<string> {
    for (const entry of await readFolder(join(this.objects, folder))) {
      if (!entry.name.startsWith(beginning)) continue;
      if (entry.isDirectory()) yield* this.walk(`${folder}${entry.name}/`);
      else if (entry.isFile()) yield folder + entry.name;
    }
  }

  private pathOf(key: string): string {
    return join(this.objects, parseObjectKey(key));
  }

  /** Writes a draft file and syncs it to disk. */
  private async writeDraft(body: Uint8Array | Readable, sizeBytes?: number): Promise<string> {
    await mkdir(this.incoming, { recursive: true });
    const draft = join(this.incoming, randomBytes(12).toString('hex'));
    const file = await open(draft, 'wx', 0o600);
    try {
      const written = await writeAll(file, body);
      if (sizeBytes !== undefined && written !== sizeBytes) {
        throw new Error(`The object should have ${sizeBytes} bytes, but ${written} came.`);
      }
      await file.sync();
      await file.close();
      return draft;
    } catch (error) {
      await file.close();
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** An empty folder may be removed between creating it and moving the file into it: then try again. */
  private async moveIntoPlace(draft: string, path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const firstMade = await mkdir(dirname(path), { recursive: true });
      try {
        await rename(draft, path);
      } catch (error) {
        if (isCode(error, 'ENOENT') && attempt < ATTEMPTS) continue;
        throw error;
      }
      return this.syncUpTo(dirname(path), firstMade ? dirname(firstMade) : dirname(path));
    }
  }

  /** Syncs folders upwards: a file's name is durable once its folder is synced, and a new folder's name once its parent is. */
  private async syncUpTo(folder: string, top: string): Promise<void> {
    await syncFolder(folder);
    if (folder !== top && folder.length > top.length) await this.syncUpTo(dirname(folder), top);
  }

  private async removeEmptyFolders(folder: string): Promise<void> {
    if (folder.length <= this.objects.length) return;
    try {
      await rmdir(folder);
    } catch {
      // Not empty or already removed: either way nothing is left to do in the folders above.
      return;
    }
    await this.removeEmptyFolders(dirname(folder));
  }
}

async function writeAll(file: FileHandle, body: Uint8Array | Readable): Promise<number> {
  if (!(body instanceof Readable)) {
    await file.writeFile(body);
    return body.byteLength;
  }
  let written = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    await file.writeFile(bytes);
    written += bytes.byteLength;
  }
  return written;
}

async function bodyOf(file: FileHandle, start: number, end: number): Promise<Readable> {
  if (end >= start) return createReadStream('', { fd: file, start, end });
  await file.close();
  return Readable.from([]);
}

async function openFile(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function readFolder(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await openFile(path);
  if (!folder) return;
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function infoOf(key: string, stats: BigIntStats): ObjectInfo {
  const etag = `${stats.mtimeNs.toString(36)}-${stats.ino.toString(36)}-${stats.size.toString(36)}`;
  return { key, sizeBytes: Number(stats.size), etag, modifiedAt: new Date(Number(stats.mtimeMs)) };
}

const isMissing = (error: unknown) => isCode(error, 'ENOENT', 'ENOTDIR');

function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
