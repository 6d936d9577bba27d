import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';
import { ArchiveKeys } from './archive-keys';
import { ArchiveDamaged } from './lines';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** Each block is a complete frame with its own checksum: it can be read alone, and concatenated blocks are one valid file for `zstd`. */
const FRAME = { params: { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_compressionLevel]: 3 } };
/** Larger than Node's default buffer, which would be reallocated repeatedly for a large block. */
const CHUNK_BYTES = 64 * 1024;

/** A block's place, to which encryption binds it. */
export interface BlockPlace {
  tenantId: TenantId;
  segmentId: string;
  number: number;
  /** Null: not encrypted. */
  keyId: string | null;
}

/** Encodes and decodes blocks of lines. */
@Injectable()
export class BlockCodec {
  constructor(private readonly keys: ArchiveKeys) {}

  get keyId(): string | null {
    return this.keys.current;
  }

  async encode(place: BlockPlace, content: string): Promise<Buffer> {
    // With the size given in advance, zstd allocates memory for this content rather than for any size.
    const sizes = { chunkSize: CHUNK_BYTES, pledgedSrcSize: Buffer.byteLength(content) };
    const frame = await compress(content, { ...FRAME, ...sizes });
    const { tenantId, keyId } = place;
    return keyId === null ? frame : this.keys.close(tenantId, keyId, nameOf(place), frame);
  }

  /** @throws ArchiveDamaged */
  async decode(place: BlockPlace, bytes: Buffer, contentBytes: number): Promise<Buffer> {
    const { tenantId, keyId } = place;
    const frame = keyId === null ? bytes : this.keys.open(tenantId, keyId, nameOf(place), bytes);
    try {
      const content = await decompress(frame, { maxOutputLength: contentBytes + 1, chunkSize: CHUNK_BYTES });
      if (content.byteLength === contentBytes) return content;
    } catch (error) {
      throw new ArchiveDamaged('A block cannot be decompressed.', { cause: error });
    }
    throw new ArchiveDamaged('A block has another length than it should.');
  }
}

const nameOf = ({ tenantId, segmentId, number }: BlockPlace): string => `${tenantId}/${segmentId}/${number}`;

export const linesOf = (content: Buffer): string[] => content.toString('utf8').split('\n').slice(0, -1);
