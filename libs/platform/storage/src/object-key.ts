import { invalid } from '#caas/kernel';

const SEGMENT = /^[A-Za-z0-9._-]{1,255}$/;
const PREFIX = /^(?:[A-Za-z0-9._-]+\/)*[A-Za-z0-9._-]*$/;
/** S3's limit is 1,024 bytes; the rest is left for a prefix of the bucket. */
const LONGEST_KEY = 900;

/**
 * Requires segments of `[A-Za-z0-9._-]` with single slashes between them, none of them `.` or `..`. Such a key names the same
 * object in a folder, in S3 and in a URL, and never leaves the folder.
 * @throws CaasError `invalid_object_key` (400)
 */
export function parseObjectKey(key: string): string {
  const segments = typeof key === 'string' && key.length <= LONGEST_KEY ? key.split('/') : [''];
  for (const segment of segments) {
    if (!SEGMENT.test(segment) || segment === '.' || segment === '..') throw invalidKey();
  }
  return key;
}

/** The beginning of a key; may end anywhere. @throws CaasError `invalid_object_key` (400) */
export function parseKeyPrefix(prefix: string): string {
  const isSound = typeof prefix === 'string' && prefix.length <= LONGEST_KEY && PREFIX.test(prefix);
  if (!isSound || prefix.split('/').some((segment) => segment === '.' || segment === '..')) throw invalidKey();
  return prefix;
}

const invalidKey = () =>
  invalid('invalid_object_key', 'An object key is made of letters, digits, ".", "_" and "-", in parts joined by "/".');
