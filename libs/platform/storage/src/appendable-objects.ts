import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ObjectInfo } from './object-info';

/** The state that a driver needs to continue a growing object: JSON, which the caller keeps. */
export type MultipartState = Readonly<Record<string, unknown>>;

/**
 * Objects that are written in pieces, over hours and by several processes. Nothing is visible under the key before `finish`. The
 * caller ensures that only one process at a time appends to an object.
 */
export interface AppendableObjects {
  begin(key: string): Promise<MultipartState>;

  /** How many bytes are stored durably, so that they survive a crash of the machine. After `finish`, the size of the object. */
  sizeOf(key: string, growth: MultipartState): Promise<number>;

  /**
   * Appends `body` and resolves once it is stored durably. When `body` breaks off, the bytes before that stay, and the error is
   * thrown.
   * @param keep is called with the state to keep in place of `growth`; when it throws, nothing more is added
   */
  append(
    key: string,
    growth: MultipartState,
    body: Readable,
    keep: (growth: MultipartState) => Promise<void>,
  ): Promise<void>;

  /** Completes the object and makes it visible. May be called again. */
  finish(key: string, growth: MultipartState): Promise<ObjectInfo>;

  /** Discards the pieces; an object that was finished is not touched. */
  discard(key: string, growth: MultipartState): Promise<void>;
}

/** One short name for a key of any length. */
export const appendableName = (key: string): string => createHash('sha256').update(key).digest('hex');
