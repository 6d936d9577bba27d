import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';
import { ArchiveKeys } from './archive-keys';
import { ArchiveDamaged } from './lines';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** Each block is a whole frame with its own checksum: one alone can be read, and all after each other are one file to `zstd`. */
const FRAME = { params: { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_compressionLevel]: 3 } };
/** Node's default buffer is asked for again and again where a block does not fit. */
const CHUNK_BYTES = 64 * 1024;

/** Where a block belongs: what encryption binds it to. */
export interface BlockPlace {
  tenantId: TenantId;
  segmentId: string;
  number: number;
  /** Null: not encrypted. */
  keyId: string | null;
}

/** Blocks of lines as they lie in an object. */
@Injectable()
export class BlockCodec {
  constructor(private readonly keys: ArchiveKeys) {}

  get keyId(): string | null {
    return this.keys.current;
  }

  async encode(place: BlockPlace, content: string): Promise<Buffer> {
    // Told how much comes, zstd takes as much memory as that needs and not as any file could.
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
