import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { appendableName, type AppendableObjects, type MultipartState } from './appendable-objects';
import type { ObjectInfo } from './object-info';
import type { ObjectStorage } from './object-storage';

/** A part has at least 5 MiB, and there are at most 10,000 of them (Amazon S3, "multipart upload limits"). */
const PART_BYTES = 8 * 2 ** 20;

interface Parts extends MultipartState {
  /** Null until there are bytes for a first part. */
  uploadId: string | null;
  parts: { etag: string; sizeBytes: number }[];
  /** Size of the rest that is too small for a part. It is stored as an object of its own, named by the total size so far. */
  tailBytes: number;
}

/** The storage of the finished objects, and the client for multipart uploads. */
export interface Bucket {
  client: S3Client;
  bucket: string;
  storage: Pick<ObjectStorage, 'put' | 'get' | 'head' | 'delete'>;
}

/**
 * One multipart upload per growing object. The caller's state decides which parts count, not the bucket's list: a part whose
 * process died before it was counted is written again, and counted data is removed only after its replacement has been counted.
 */
export class S3Appendable implements AppendableObjects {
  constructor(private readonly at: Bucket) {}

  begin(): Promise<Parts> {
    return Promise.resolve({ uploadId: null, parts: [], tailBytes: 0 });
  }

  sizeOf(_key: string, growth: MultipartState): Promise<number> {
    return Promise.resolve(sizeOf(growth as Parts));
  }

  async append(
    key: string,
    growth: MultipartState,
    body: Readable,
    keep: (growth: MultipartState) => Promise<void>,
  ): Promise<void> {
    let kept = growth as Parts;
    const replace = async (next: Parts) => {
      await keep(next);
      if (kept.tailBytes > 0 && sizeOf(kept) !== sizeOf(next)) await this.at.storage.delete(tailKey(key, kept));
      kept = next;
    };
    const waiting: Uint8Array[] = kept.tailBytes > 0 ? [await this.tailOf(key, kept)] : [];
    let waitingBytes = kept.tailBytes;
    const addPart = async () => replace(await this.withPart(key, { ...kept, tailBytes: 0 }, Buffer.concat(waiting)));
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        waiting.push(chunk);
        waitingBytes += chunk.byteLength;
        if (waitingBytes < PART_BYTES) continue;
        await addPart();
        waiting.length = waitingBytes = 0;
      }
    } finally {
      if (waitingBytes > kept.tailBytes) {
        const next = { ...kept, tailBytes: waitingBytes };
        await this.at.storage.put(tailKey(key, next), Buffer.concat(waiting));
        await replace(next);
      }
    }
  }

  async finish(key: string, growth: MultipartState): Promise<ObjectInfo> {
    const known = growth as Parts;
    const before = await this.at.storage.head(key);
    if (before) return before;
    if (sizeOf(known) === 0) return this.at.storage.put(key, Buffer.alloc(0));
    await (known.uploadId === null ? this.copyTail(key, known) : this.complete(key, known));
    if (known.tailBytes > 0) await this.at.storage.delete(tailKey(key, known));
    const info = await this.at.storage.head(key);
    if (!info) throw new Error(`The object ${key} is gone already.`);
    return info;
  }

  async discard(key: string, growth: MultipartState): Promise<void> {
    const { uploadId, tailBytes } = growth as Parts;
    if (tailBytes > 0) await this.at.storage.delete(tailKey(key, growth as Parts));
    if (uploadId === null || (await this.at.storage.head(key))) return;
    const abort = new AbortMultipartUploadCommand({ Bucket: this.at.bucket, Key: key, UploadId: uploadId });
    await this.at.client.send(abort).catch((error: { name?: string }) => {
      if (error.name !== 'NoSuchUpload') throw error;
    });
  }

  private async tailOf(key: string, known: Parts): Promise<Buffer> {
    const tail = await this.at.storage.get(tailKey(key, known));
    if (tail?.sizeBytes !== known.tailBytes) throw new Error(`The end of what has grown under ${key} is gone.`);
    return buffer(tail.body);
  }

  private async withPart(key: string, known: Parts, bytes: Buffer): Promise<Parts> {
    const target = { Bucket: this.at.bucket, Key: key };
    const uploadId =
      known.uploadId ?? (await this.at.client.send(new CreateMultipartUploadCommand(target))).UploadId ?? null;
    const { ETag } = await this.at.client.send(
      new UploadPartCommand({
        ...target,
        UploadId: uploadId!,
        PartNumber: known.parts.length + 1,
        Body: bytes,
        ContentLength: bytes.byteLength,
      }),
    );
    return { ...known, uploadId, parts: [...known.parts, { etag: ETag!, sizeBytes: bytes.byteLength }] };
  }

  private async copyTail(key: string, known: Parts): Promise<void> {
    const CopySource = `${this.at.bucket}/${tailKey(key, known)}`;
    await this.at.client.send(new CopyObjectCommand({ Bucket: this.at.bucket, Key: key, CopySource }));
  }

  private async complete(key: string, known: Parts): Promise<void> {
    const whole =
      known.tailBytes === 0
        ? known
        : await this.withPart(key, { ...known, tailBytes: 0 }, await this.tailOf(key, known));
    await this.at.client.send(
      new CompleteMultipartUploadCommand({
        Bucket: this.at.bucket,
        Key: key,
        UploadId: whole.uploadId!,
        MultipartUpload: { Parts: whole.parts.map(({ etag }, at) => ({ ETag: etag, PartNumber: at + 1 })) },
      }),
    );
  }
}

const sizeOf = ({ parts, tailBytes }: Parts) => parts.reduce((sum, part) => sum + part.sizeBytes, tailBytes);

const tailKey = (key: string, growth: Parts) => `growing/${appendableName(key)}/${sizeOf(growth)}`;
