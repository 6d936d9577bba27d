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
    const frame = await compress(content, FRAME);
    const { tenantId, keyId } = place;
    return keyId === null ? frame : this.keys.close(tenantId, keyId, nameOf(place), frame);
  }

  /** @throws ArchiveDamaged */
  async decode(place: BlockPlace, bytes: Buffer, contentBytes: number): Promise<Buffer> {
    const { tenantId, keyId } = place;
    const frame = keyId === null ? bytes : this.keys.open(tenantId, keyId, nameOf(place), bytes);
    try {
      const content = await decompress(frame, { maxOutputLength: contentBytes + 1 });
      if (content.byteLength === contentBytes) return content;
    } catch (error) {
      throw new ArchiveDamaged('A block cannot be decompressed.', { cause: error });
    }
    throw new ArchiveDamaged('A block has another length than it should.');
  }
}

const nameOf = ({ tenantId, segmentId, number }: BlockPlace): string => `${tenantId}/${segmentId}/${number}`;

export const linesOf = (content: Buffer): string[] => content.toString('utf8').split('\n').slice(0, -1);
