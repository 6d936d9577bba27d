import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CaasError, invalid } from '#caas/kernel';

export const CHECKSUM_ALGORITHMS = ['sha1', 'sha256', 'sha512', 'md5'];

/** Verified bytes, read from a temporary file. */
export interface CheckedBody {
  body: Readable;
  remove(): Promise<void>;
}

/**
 * Stores a chunk in a temporary file and verifies its `Upload-Checksum` (tus 1.0, "Checksum") before any of it is added to the upload.
 * @param limitBytes the most bytes to accept
 * @throws CaasError 400 `invalid_checksum`, 460 `checksum_mismatch`, 413 `file_too_large`
 */
export async function checkedBody(header: string, body: Readable, limitBytes: number): Promise<CheckedBody> {
  const [algorithm = '', digest = '', ...rest] = header.split(' ');
  if (!CHECKSUM_ALGORITHMS.includes(algorithm) || digest === '' || rest.length > 0) throw invalidChecksum();
  const folder = await mkdtemp(join(tmpdir(), 'caas-chunk-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const hash = createHash(algorithm);
    let count = 0;
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        count += chunk.length;
        hash.update(chunk);
        done(count > limitBytes ? tooLong() : null, chunk);
      },
    });
    await pipeline(body, hashing, createWriteStream(join(folder, 'chunk'), { mode: 0o600 }));
    const expected = Buffer.from(digest, 'base64');
    const actual = hash.digest();
    if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) throw mismatch();
    return { body: createReadStream(join(folder, 'chunk')), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

const invalidChecksum = () =>
  invalid(
    'invalid_checksum',
    `Upload-Checksum is one of ${CHECKSUM_ALGORITHMS.join(', ')}, a space, and the digest in base64.`,
  );

const mismatch = () =>
  new CaasError('checksum', 'checksum_mismatch', 'The bytes do not have the checksum that was said. Send them again.');

const tooLong = () => new CaasError('too_large', 'upload_too_long', 'There is more than the upload still takes.');
