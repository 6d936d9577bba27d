import type { Readable } from 'node:stream';
import type { AppendableObjects } from './appendable-objects';
import type { ObjectInfo } from './object-info';

/**
 * A part of an object. Both ends are inclusive; the part ends with the last byte when `end` is absent or beyond it (as in RFC
 * 9110, 14.1.2).
 */
export interface ByteRange {
  start: number;
  end?: number;
}

export interface StoredObject extends ObjectInfo {
  /** Must be read to its end or destroyed. */
  body: Readable;
  /** The range of the object that `body` contains. */
  range: { start: number; end: number };
}

/**
 * The storage of files and of the archive: named, immutable objects. `parseObjectKey` defines valid keys; the caller includes the
 * tenant in the key. A key must not also be a folder of other keys (`a` and `a/b`).
 */
export abstract class ObjectStorage {
  /**
   * Writes the whole object or nothing, replacing an existing one. When it returns, the object survives a crash of the machine.
   * @param sizeBytes the expected size of the stream; an Error if the stream has another size
   */
  abstract put(key: string, body: Uint8Array | Readable, sizeBytes?: number): Promise<ObjectInfo>;

  /** Null when there is no such object. @throws RangeError when `range` begins beyond the end, or is upside down */
  abstract get(key: string, range?: ByteRange): Promise<StoredObject | null>;

  /** Null when there is no such object. */
  abstract head(key: string): Promise<ObjectInfo | null>;

  /** It is no error when there is none. */
  abstract delete(key: string): Promise<void>;

  /**
   * Objects whose keys begin with `prefix`, in no particular order. Objects that are put or deleted during the listing may or may
   * not appear.
   */
  abstract list(prefix: string): AsyncIterable<ObjectInfo>;

  /** Objects that are written in pieces. */
  abstract readonly appendable: AppendableObjects;

  /** Resolves when objects can be written and read. */
  abstract ping(): Promise<void>;

  /**
   * Removes incomplete objects that killed processes left behind. A bucket does so itself, by its lifecycle rule
   * `AbortIncompleteMultipartUpload`.
   * @param _before objects written to since then are not touched
   * @returns how many there were
   */
  removeDrafts(_before: Date): Promise<number> {
    return Promise.resolve(0);
  }

  async exists(key: string): Promise<boolean> {
    return (await this.head(key)) !== null;
  }

  /**
   * Removes a folder with everything in it.
   * @param folder ends with `/`: without it, `tenants/a` would also remove `tenants/ab`
   * @returns how many objects there were
   */
  async deleteFolder(folder: string): Promise<number> {
    if (!folder.endsWith('/')) throw new Error('A folder ends with "/".');
    let count = 0;
    for await (const { key } of this.list(folder)) {
      await this.delete(key);
      count++;
    }
    return count;
  }
}

/** @throws RangeError */
export function resolveRange(range: ByteRange | undefined, sizeBytes: number): { start: number; end: number } {
  if (!range) return { start: 0, end: sizeBytes - 1 };
  const { start, end = sizeBytes - 1 } = range;
  const isSound = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
  if (!isSound || start >= sizeBytes) throw new RangeError(`There are no bytes ${start} to ${end} of ${sizeBytes}.`);
  return { start, end: Math.min(end, sizeBytes - 1) };
}
