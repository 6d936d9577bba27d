import type { Readable } from 'node:stream';
import type { AppendableObjects } from './appendable-objects';
import type { ObjectInfo } from './object-info';

/** A part of an object; both ends count, the last byte when `end` is absent or beyond it (as in RFC 9110, 14.1.2). */
export interface ByteRange {
  start: number;
  end?: number;
}

export interface StoredObject extends ObjectInfo {
  /** Must be read to its end or destroyed. */
  body: Readable;
  /** What `body` holds of the object. */
  range: { start: number; end: number };
}

/**
 * Where files and the archive lie: named, immutable pieces of bytes. Keys are as `parseObjectKey` says; whoever makes one
 * puts the tenant into it. A key may not also be a folder of other keys (`a` and `a/b`).
 */
export abstract class ObjectStorage {
  /**
   * Writes the whole object or nothing, instead of what was there. When it returns, the object survives a crash of the machine.
   * @param sizeBytes what the stream must bring; an Error if it brings another amount
   */
  abstract put(key: string, body: Uint8Array | Readable, sizeBytes?: number): Promise<ObjectInfo>;

  /** Null when there is no such object. @throws RangeError when `range` begins beyond the end, or is upside down */
  abstract get(key: string, range?: ByteRange): Promise<StoredObject | null>;

  /** Null when there is no such object. */
  abstract head(key: string): Promise<ObjectInfo | null>;

  /** It is no error when there is none. */
  abstract delete(key: string): Promise<void>;

  /** Objects whose keys begin with `prefix`, in no promised order; what is put or deleted meanwhile may be in it or not. */
  abstract list(prefix: string): AsyncIterable<ObjectInfo>;

  /** Objects that come in pieces. */
  abstract readonly appendable: AppendableObjects;

  /** Resolves when objects can be written and read. */
  abstract ping(): Promise<void>;

  /**
   * Removes what killed processes left of objects that were not whole. A bucket does so itself, by its lifecycle rule
   * `AbortIncompleteMultipartUpload`.
   * @param _before nothing that was written to since then is touched
   * @returns how many there were
   */
  removeDrafts(_before: Date): Promise<number> {
    return Promise.resolve(0);
  }

  async exists(key: string): Promise<boolean> {
    return (await this.head(key)) !== null;
  }

  /**
   * Removes a folder with all in it.
   * @param folder ends with `/`: without it, `tenants/a` would take `tenants/ab` along
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
