import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ObjectInfo } from './object-info';

/** What a driver has to be told again about an object that grows: JSON, kept by whoever grows it. */
export type MultipartState = Readonly<Record<string, unknown>>;

/**
 * Objects that come in pieces, over hours and many processes. Nothing is seen under the key before `finish`. One process at a time
 * may grow an object: the caller sees to it.
 */
export interface AppendableObjects {
  begin(key: string): Promise<MultipartState>;

  /** How many bytes are there for good: as many as survive a crash of the machine. After `finish`, the size of the object. */
  sizeOf(key: string, growth: MultipartState): Promise<number>;

  /**
   * Adds `body` at the end and resolves once it is safe. When `body` breaks off, what came before stays, and the error is thrown.
   * @param keep is called with what to keep in place of `growth`; when it throws, no more is added
   */
  append(
    key: string,
    growth: MultipartState,
    body: Readable,
    keep: (growth: MultipartState) => Promise<void>,
  ): Promise<void>;

  /** The object is whole, and seen from here on. May be called again. */
  finish(key: string, growth: MultipartState): Promise<ObjectInfo>;

  /** Forgets what has grown; the object of a growth that was finished is not touched. */
  discard(key: string, growth: MultipartState): Promise<void>;
}

/** One short name for a key of any length. */
export const appendableName = (key: string): string => createHash('sha256').update(key).digest('hex');
