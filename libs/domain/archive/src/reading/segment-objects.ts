import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { RequestContext } from '#caas/kernel';
import { ArchiveChangedError, type ArchivedMessage } from '#caas/domain/messages';
import { ObjectStorage, type ByteRange } from '#caas/platform/storage';
import { BlockCodec, linesOf } from '../format/block-codec';
import { ArchiveDamaged, headOf, readLine } from '../format/lines';
import { folderOf } from '../format/segment-draft';
import type { ArchiveSegment } from '../persistence/archive-segment.schema';

export type SegmentRow = Pick<
  ArchiveSegment,
  | '_id'
  | 'conversation_id'
  | 'key'
  | 'key_id'
  | 'blocks'
  | 'bytes'
  | 'count'
  | 'object_sha256'
  | 'content_sha256'
  | 'content_bytes'
>;

/** The objects of segments. Reads only objects of the context's tenant, whatever key a row contains. */
@Injectable()
export class SegmentObjects {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly codec: BlockCodec,
  ) {}

  async put(ctx: RequestContext, segment: SegmentRow, object: Buffer): Promise<void> {
    await this.storage.put(keyOf(ctx, segment), object);
  }

  delete(ctx: RequestContext, segment: SegmentRow): Promise<void> {
    return this.storage.delete(keyOf(ctx, segment));
  }

  /** The lines of one block. @throws ArchiveDamaged, ArchiveChangedError when there is no such object */
  async block(ctx: RequestContext, segment: SegmentRow, number: number): Promise<string[]> {
    const { offset, bytes } = segment.blocks[number]!;
    const part = await this.read(keyOf(ctx, segment), { start: offset, end: offset + bytes - 1 });
    return this.linesIn(ctx, segment, number, part);
  }

  /**
   * Reads a whole object back and compares it with its row: both checksums, the count, the order, and that each line is a message of
   * this conversation.
   * @returns ids of the messages, in their order
   * @throws ArchiveDamaged, ArchiveChangedError when there is no such object
   */
  async verify(ctx: RequestContext, segment: SegmentRow): Promise<string[]> {
    const ids: string[] = [];
    const content = createHash('sha256');
    for await (const lines of this.wholeBlocks(ctx, segment)) {
      for (const line of lines) {
        content.update(`${line}\n`);
        ids.push(messageIn(ctx, segment, line).message._id.toHexString());
      }
    }
    if (ids.length !== segment.count) throw new ArchiveDamaged(`It has ${ids.length} messages, not ${segment.count}.`);
    if (content.digest('hex') !== segment.content_sha256) throw new ArchiveDamaged('Its content has another checksum.');
    return ids;
  }

  /** All its messages. @throws ArchiveDamaged, ArchiveChangedError */
  async *messages(ctx: RequestContext, segment: SegmentRow): AsyncIterable<ArchivedMessage[]> {
    for await (const lines of this.wholeBlocks(ctx, segment)) {
      yield lines.map((line) => messageIn(ctx, segment, line));
    }
  }

  /** The lines as they were written. @throws ArchiveDamaged, ArchiveChangedError */
  async *lines(ctx: RequestContext, segment: SegmentRow): AsyncIterable<string[]> {
    for await (const lines of this.wholeBlocks(ctx, segment)) {
      for (const line of lines) messageIn(ctx, segment, line);
      yield lines;
    }
  }

  private async *wholeBlocks(ctx: RequestContext, segment: SegmentRow): AsyncIterable<string[]> {
    const object = await this.read(keyOf(ctx, segment));
    if (object.byteLength !== segment.bytes) {
      throw new ArchiveDamaged(`It has ${object.byteLength} bytes, not ${segment.bytes}.`);
    }
    if (createHash('sha256').update(object).digest('hex') !== segment.object_sha256) {
      throw new ArchiveDamaged('It has another checksum.');
    }
    for (let number = 0; number < segment.blocks.length; number += 1) {
      const { offset, bytes } = segment.blocks[number]!;
      yield await this.linesIn(ctx, segment, number, object.subarray(offset, offset + bytes));
    }
  }

  private async linesIn(ctx: RequestContext, segment: SegmentRow, number: number, part: Buffer): Promise<string[]> {
    const { content_bytes, count } = segment.blocks[number]!;
    const segmentId = segment._id.toHexString();
    const place = { tenantId: ctx.tenantId, segmentId, number, keyId: segment.key_id };
    const lines = linesOf(await this.codec.decode(place, part, content_bytes));
    if (lines.length !== count) throw new ArchiveDamaged(`A block has ${lines.length} lines, not ${count}.`);
    return lines;
  }

  private async read(key: string, range?: ByteRange): Promise<Buffer> {
    const found = await this.storage.get(key, range).catch((error: unknown) => {
      if (error instanceof RangeError) throw new ArchiveDamaged('It is shorter than it should be.', { cause: error });
      throw error;
    });
    if (!found) throw new ArchiveChangedError(`There is no object ${key}.`);
    return bytesOf(found.body);
  }
}

/** @throws ArchiveDamaged when it is not a message of the segment's conversation and of the context's tenant */
export function messageIn({ tenantId }: RequestContext, segment: Pick<SegmentRow, 'conversation_id'>, line: string) {
  const { seq, id } = headOf(line);
  const archived = readLine(line);
  const { message } = archived;
  const isOwn =
    message?.tenant_id === tenantId &&
    message.conversation_id.equals(segment.conversation_id) &&
    message.seq === seq &&
    message._id.toHexString() === id;
  if (!isOwn) throw new ArchiveDamaged('A line is not a message of this conversation.');
  return archived;
}

function keyOf({ tenantId }: RequestContext, { key, conversation_id }: SegmentRow): string {
  if (key.startsWith(folderOf(tenantId, conversation_id))) return key;
  throw new ArchiveDamaged('A segment names an object that is not of its conversation.');
}

async function bytesOf(body: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of body as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
