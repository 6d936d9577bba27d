import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { RequestContext } from '#caas/kernel';
import { ObjectStorage } from '#caas/platform/storage';
import { objectPrefix, uploadKey } from '../../persistence/object-keys';
import type { MediaMetadata, MediaVariant, StoredFile } from '../../persistence';
import type { ProcessedVariant } from '../processed-media';
import { failed } from '../outcomes';
import { reached } from '../steps';
import type { Digest } from './content-repository';

const AT_ONCE = 4;

/** The stored objects of a file. Every call may be repeated. */
@Injectable()
export class Objects {
  constructor(private readonly storage: ObjectStorage) {}

  /** Copies the uploaded bytes to `path`. @throws FileRefused `bytes_missing` */
  async fetch(ctx: RequestContext, { _id }: StoredFile, path: string, signal: AbortSignal): Promise<Digest> {
    const object = await this.storage.get(uploadKey(ctx.tenantId, _id));
    if (!object) throw failed('bytes_missing', 'The uploaded bytes are gone.');
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const counted = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    };
    await pipeline(object.body, counted, createWriteStream(path, { flags: 'w', mode: 0o600 }), { signal });
    return { sha256: hash.digest('hex'), sizeBytes };
  }

  /** Writes the variants in order: a variant that another refers to is written before it. */
  async write(
    media: MediaMetadata,
    file: StoredFile,
    made: ProcessedVariant[],
    signal: AbortSignal,
  ): Promise<MediaVariant[]> {
    const written: MediaVariant[] = [];
    for (let at = 0; at < made.length; at += AT_ONCE) {
      signal.throwIfAborted();
      written.push(
        ...(await Promise.all(made.slice(at, at + AT_ONCE).map((each) => this.writeOne(media, file, each)))),
      );
    }
    return written;
  }

  /** Deletes objects that an earlier attempt wrote and this one did not. */
  async removeOthers({ object_prefix }: MediaMetadata, variants: MediaVariant[]): Promise<void> {
    const kept = new Set(['upload', ...variants.map(({ object }) => object)].map((name) => `${object_prefix}/${name}`));
    for await (const { key } of this.storage.list(`${object_prefix}/`)) {
      if (!kept.has(key)) await this.storage.delete(key);
    }
  }

  removeUpload(ctx: RequestContext, { _id }: StoredFile): Promise<void> {
    return this.storage.delete(uploadKey(ctx.tenantId, _id));
  }

  async removeAll(ctx: RequestContext, { _id }: StoredFile): Promise<void> {
    await this.storage.deleteFolder(`${objectPrefix(ctx.tenantId, _id)}/`);
  }

  /** Deletes everything under the prefix of a file that was given up. */
  async removePrefix(prefix: string): Promise<void> {
    await this.storage.deleteFolder(`${prefix}/`);
  }

  private async writeOne(
    { object_prefix }: MediaMetadata,
    file: StoredFile,
    made: ProcessedVariant,
  ): Promise<MediaVariant> {
    const { from, ...variant } = made;
    const size_bytes = Buffer.isBuffer(from) ? from.length : (await stat(from.path)).size;
    const body = Buffer.isBuffer(from) ? from : createReadStream(from.path);
    await this.storage.put(`${object_prefix}/${variant.object}`, body, size_bytes);
    reached('variant written', file._id.toHexString());
    return { ...variant, size_bytes };
  }
}
