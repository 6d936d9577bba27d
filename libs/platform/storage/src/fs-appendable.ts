import { constants } from 'node:fs';
import { mkdir, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { appendableName, type AppendableObjects, type MultipartState } from './appendable-objects';
import type { ObjectInfo } from './object-info';

/** The methods of the folder's driver that are used here. */
export interface ObjectFolder {
  head(key: string): Promise<ObjectInfo | null>;
  moveIntoPlace(draft: string, key: string): Promise<void>;
  syncFolder(folder: string): Promise<void>;
}

/** One file per growing object in `growing/`, which holds all bytes so far. It is moved to its place when the object is complete. */
export class FsAppendable implements AppendableObjects {
  constructor(
    private readonly folder: string,
    private readonly objects: ObjectFolder,
  ) {}

  async begin(key: string): Promise<MultipartState> {
    const file = await this.open(key);
    await file.close();
    await this.objects.syncFolder(this.folder);
    return {};
  }

  async sizeOf(key: string): Promise<number> {
    return (await sizeOfFile(this.pathOf(key))) ?? (await this.objects.head(key))?.sizeBytes ?? 0;
  }

  async append(key: string, _growth: MultipartState, body: Readable): Promise<void> {
    const file = await this.open(key);
    try {
      await writeAtEnd(file, body);
    } finally {
      // Bytes from before the body broke off count as well.
      await file.sync();
      await file.close();
    }
  }

  async finish(key: string): Promise<ObjectInfo> {
    if ((await sizeOfFile(this.pathOf(key))) !== null) await this.objects.moveIntoPlace(this.pathOf(key), key);
    const info = await this.objects.head(key);
    if (!info) throw new Error(`Nothing has grown under ${key}.`);
    return info;
  }

  async discard(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true });
  }

  private async open(key: string): Promise<FileHandle> {
    await mkdir(this.folder, { recursive: true });
    return open(this.pathOf(key), constants.O_WRONLY | constants.O_CREAT, 0o600);
  }

  private pathOf(key: string): string {
    return join(this.folder, appendableName(key));
  }
}

async function writeAtEnd(file: FileHandle, body: Readable): Promise<void> {
  let { size: position } = await file.stat();
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    for (let written = 0; written < chunk.byteLength;) {
      const { bytesWritten } = await file.write(chunk, written, chunk.byteLength - written, position);
      written += bytesWritten;
      position += bytesWritten;
    }
  }
}

async function sizeOfFile(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
