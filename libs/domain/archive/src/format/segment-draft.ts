import { createHash } from 'node:crypto';
import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import type { NewDocument, TenantId } from '#caas/kernel';
import type { ArchivedMessage } from '#caas/domain/messages';
import type { ArchiveBlock } from '../persistence/archive-block.schema';
import type { ArchiveSegment, BlockEntry } from '../persistence/archive-segment.schema';
import type { BlockCodec } from './block-codec';
import { FORMAT, lineOf } from './lines';
import type { IndexedMessage } from './plain-line';

export const MESSAGES_IN_SEGMENT = 10_000;
const MESSAGES_IN_BLOCK = 256;
const BYTES_IN_BLOCK = 512 * 1024;
/** Uncompressed lines. Bounds the memory of a process that writes or reads a whole segment. */
const BYTES_IN_SEGMENT = 32 * 2 ** 20;

/** An encoded segment, to be planned and written. */
export interface FinishedDraft {
  segment: NewDocument<ArchiveSegment> & { _id: ObjectId };
  blocks: NewDocument<ArchiveBlock>[];
  object: Buffer;
}

type BlockIndex = Omit<NewDocument<ArchiveBlock>, 'segment_id' | 'conversation_id' | 'number'>;

/** Collects messages of one month, in the order of `seq`, block by block. Keeps only the compressed blocks. */
export class SegmentDraft {
  readonly segmentId = new BsonObjectId();
  private lines: string[] = [];
  private lineBytes = 0;
  private waiting: IndexedMessage[] = [];
  private contentBytes = 0;
  private newestAt = 0;
  private count = 0;
  private readonly content = createHash('sha256');
  private readonly encoded: Promise<Buffer>[] = [];
  private readonly entries: Omit<BlockEntry, 'offset' | 'bytes'>[] = [];
  private readonly indexes: BlockIndex[] = [];

  constructor(
    private readonly codec: BlockCodec,
    private readonly tenantId: TenantId,
    private readonly conversationId: ObjectId,
    readonly month: string,
    private readonly keyId: string | null = codec.keyId,
  ) {}

  get isFull(): boolean {
    return this.count >= MESSAGES_IN_SEGMENT || this.contentBytes + this.lineBytes >= BYTES_IN_SEGMENT;
  }

  add(archived: ArchivedMessage): void {
    this.addLine(lineOf(archived), archived.message);
  }

  /** @param line the line of this message, from `lineOf` */
  addLine(line: string, message: IndexedMessage): void {
    this.lines.push(line);
    this.lineBytes += line.length;
    this.waiting.push(message);
    this.newestAt = Math.max(this.newestAt, message.created_at.getTime());
    this.count += 1;
    if (this.waiting.length === MESSAGES_IN_BLOCK || this.lineBytes >= BYTES_IN_BLOCK) this.closeBlock();
  }

  async finish(): Promise<FinishedDraft> {
    if (this.waiting.length > 0) this.closeBlock();
    const parts = await Promise.all(this.encoded);
    const object = Buffer.concat(parts);
    let offset = 0;
    const blocks = this.entries.map((entry, at): BlockEntry => {
      const bytes = parts[at]!.byteLength;
      offset += bytes;
      return { offset: offset - bytes, bytes, ...entry };
    });
    const object_sha256 = createHash('sha256').update(object).digest('hex');
    const place = { conversation_id: this.conversationId, segment_id: this.segmentId };
    return {
      object,
      blocks: this.indexes.map((index, number) => ({ ...place, number, ...index })),
      segment: {
        _id: this.segmentId,
        conversation_id: this.conversationId,
        month: this.month,
        state: 'planned',
        key: `${folderOf(this.tenantId, this.conversationId)}${this.month}/${nameOf(object_sha256, this.segmentId)}`,
        format: FORMAT,
        key_id: this.keyId,
        count: this.count,
        first_seq: blocks[0]!.first_seq,
        last_seq: blocks.at(-1)!.last_seq,
        bytes: object.byteLength,
        content_bytes: this.contentBytes,
        object_sha256,
        content_sha256: this.content.digest('hex'),
        blocks,
        newest_at: new Date(this.newestAt),
        verified_at: null,
      },
    };
  }

  private closeBlock(): void {
    const text = this.lines.join('');
    const content_bytes = Buffer.byteLength(text);
    this.content.update(text);
    this.contentBytes += content_bytes;
    const place = { tenantId: this.tenantId, segmentId: this.segmentId.toHexString(), keyId: this.keyId };
    const number = this.encoded.length;
    this.encoded.push(this.codec.encode({ ...place, number }, text));
    this.entries.push({ ...entryOf(this.waiting), content_bytes });
    this.indexes.push(indexOf(this.waiting));
    this.lines = [];
    this.lineBytes = 0;
    this.waiting = [];
  }
}

/** Named by content hash and row id. A name is never reused, so a delayed deletion cannot delete another segment's object. */
const nameOf = (sha256: string, segmentId: ObjectId): string =>
  `${sha256.slice(0, 32)}-${segmentId.toHexString()}.ndjson.zst`;

export const tenantFolderOf = (tenantId: TenantId): string => `archive/${tenantId}/`;
export const folderOf = (tenantId: TenantId, conversationId: ObjectId): string =>
  `${tenantFolderOf(tenantId)}${conversationId.toHexString()}/`;

/** UTC. */
export const monthOf = (date: Date): string => date.toISOString().slice(0, 7);

function entryOf(
  messages: IndexedMessage[],
): Pick<BlockEntry, 'count' | 'first_seq' | 'last_seq' | 'min_rev' | 'max_rev'> {
  // Messages that never changed have `rev` 0.
  const revs = messages.map(({ rev }) => rev).filter((rev) => rev > 0);
  return {
    count: messages.length,
    first_seq: messages[0]!.seq,
    last_seq: messages.at(-1)!.seq,
    min_rev: revs.length === 0 ? 0 : Math.min(...revs),
    max_rev: Math.max(0, ...revs),
  };
}

function indexOf(messages: IndexedMessage[]): BlockIndex {
  const hexes = messages.map(({ _id }) => _id.toHexString()).sort();
  const threads = new SeqsById();
  const mentioned = new SeqsById();
  for (const { seq, thread_root_id, mentions } of messages) {
    if (thread_root_id) threads.add(thread_root_id, seq);
    for (const { user_id } of mentions) mentioned.add(user_id, seq);
  }
  return {
    ids: messages.map(({ _id }) => _id),
    versions: messages.map(({ __v }) => __v),
    min_id: new BsonObjectId(hexes[0]),
    max_id: new BsonObjectId(hexes.at(-1)),
    thread_roots: threads.ids(),
    thread_seqs: threads.seqs,
    mentions: mentioned.ids(),
    mention_seqs: mentioned.seqs,
  };
}

class SeqsById {
  readonly seqs: Record<string, number[]> = {};

  add(id: ObjectId, seq: number): void {
    (this.seqs[id.toHexString()] ??= []).push(seq);
  }

  ids(): ObjectId[] {
    return Object.keys(this.seqs).map((hex) => new BsonObjectId(hex));
  }
}
