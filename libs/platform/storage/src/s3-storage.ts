import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Readable, Transform } from 'node:stream';
import { parseKeyPrefix, parseObjectKey } from './object-key';
import { S3Appendable } from './s3-appendable';
import type { ObjectInfo } from './object-info';
import { ObjectStorage, resolveRange, type ByteRange, type StoredObject } from './object-storage';

export interface S3Options {
  bucket: string;
  region: string;
  /** Null: Amazon's own endpoint. */
  endpoint: string | null;
  /** Null: the credentials of the machine (role, profile, environment of the SDK). */
  credentials: { accessKeyId: string; secretAccessKey: string } | null;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`; most servers other than Amazon's need it. */
  forcePathStyle: boolean;
}

const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 60_000;
const PART_BYTES = 8 * 2 ** 20;

/** Objects in a bucket of S3, or of an S3-compatible server. */
export class S3Storage extends ObjectStorage {
  private readonly client: S3Client;
  private readonly bucket: string;
  override readonly appendable: S3Appendable;

  constructor(options: S3Options) {
    super();
    this.bucket = options.bucket;
    this.client = new S3Client({
      region: options.region,
      ...(options.endpoint ? { endpoint: options.endpoint } : {}),
      ...(options.credentials ? { credentials: options.credentials } : {}),
      forcePathStyle: options.forcePathStyle,
      requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      // Not all other servers support the newer trailing checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    this.appendable = new S3Appendable({ client: this.client, bucket: this.bucket, storage: this });
  }

  override async put(key: string, body: Uint8Array | Readable, sizeBytes?: number): Promise<ObjectInfo> {
    const target = { Bucket: this.bucket, Key: parseObjectKey(key) };
    if (!(body instanceof Readable)) {
      if (sizeBytes !== undefined && sizeBytes !== body.byteLength) throw wrongSize(sizeBytes, body.byteLength);
      await this.client.send(new PutObjectCommand({ ...target, Body: body, ContentLength: body.byteLength }));
    } else {
      const counted = body.pipe(counter(sizeBytes));
      body.once('error', (error) => counted.destroy(error));
      try {
        await new Upload({ client: this.client, params: { ...target, Body: counted }, partSize: PART_BYTES }).done();
      } finally {
        body.destroy();
      }
    }
    const info = await this.head(key);
    if (!info) throw new Error(`The object ${key} is gone already.`);
    return info;
  }

  override async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
    const target = { Bucket: this.bucket, Key: parseObjectKey(key) };
    // The size is needed to detect a range beyond the end and to report which bytes the answer contains.
    const info = await this.head(key);
    if (!info) return null;
    const { start, end } = resolveRange(range, info.sizeBytes);
    const isPart = range !== undefined && end >= start;
    const answer = await orNull(
      this.client.send(
        new GetObjectCommand({
          ...target,
          // Read the same object that `head` measured, not one that replaced it.
          IfMatch: `"${info.etag}"`,
          ...(isPart ? { Range: `bytes=${start}-${end}` } : {}),
        }),
      ),
    );
    return answer && { ...info, range: { start, end }, body: answer.Body as Readable };
  }

  override async head(key: string): Promise<ObjectInfo | null> {
    const target = { Bucket: this.bucket, Key: parseObjectKey(key) };
    const answer = await orNull(this.client.send(new HeadObjectCommand(target)));
    return answer && infoOf(key, answer.ContentLength, answer.ETag, answer.LastModified);
  }

  override async delete(key: string): Promise<void> {
    await orNull(this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: parseObjectKey(key) })));
  }

  override async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const Prefix = parseKeyPrefix(prefix);
    let ContinuationToken: string | undefined;
    do {
      const page: ListObjectsV2Command = new ListObjectsV2Command({ Bucket: this.bucket, Prefix, ContinuationToken });
      const { Contents = [], NextContinuationToken } = await this.client.send(page);
      for (const { Key, Size, ETag, LastModified } of Contents) yield infoOf(Key!, Size, ETag, LastModified);
      ContinuationToken = NextContinuationToken;
    } while (ContinuationToken);
  }

  override async ping(): Promise<void> {
    await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }));
  }

  close(): void {
    this.client.destroy();
  }
}

/** Fails the upload when the stream does not have the expected size. */
function counter(sizeBytes: number | undefined): Transform {
  let count = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      count += chunk.byteLength;
      done(sizeBytes !== undefined && count > sizeBytes ? wrongSize(sizeBytes, count) : null, chunk);
    },
    flush(done) {
      done(sizeBytes !== undefined && count !== sizeBytes ? wrongSize(sizeBytes, count) : null);
    },
  });
}

const wrongSize = (expected: number, came: number) =>
  new Error(`The object should have ${expected} bytes, but ${came} came.`);

function infoOf(
  key: string,
  size: number | undefined,
  etag: string | undefined,
  modified: Date | undefined,
): ObjectInfo {
  return {
    key,
    sizeBytes: size ?? 0,
    etag: (etag ?? '').replaceAll('"', ''),
    modifiedAt: modified ?? new Date(0),
  };
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (
      error instanceof S3ServiceException &&
      error.$metadata.httpStatusCode === 404 &&
      error.name !== 'NoSuchBucket'
    ) {
      return null;
    }
    throw error;
  }
}
