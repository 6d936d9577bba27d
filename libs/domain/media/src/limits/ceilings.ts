import type { Tier } from '#caas/kernel';

const MB = 2 ** 20;
const GB = 2 ** 30;

/** The largest file, in bytes. */
export const MAX_FILE_BYTES: Record<Tier, number> = {
  free: 25 * MB,
  starter: 100 * MB,
  pro: GB,
  enterprise: 5 * GB,
};

/** The longest video or audio. */
export const MAX_DURATION_SECONDS = 6 * 60 * 60;

/** Excludes types that a machine would run. Clients that encrypt their files send `application/octet-stream`. */
export const TYPES: readonly string[] = [
  'image/*',
  'video/*',
  'audio/*',
  'text/plain',
  'text/csv',
  'text/markdown',
  'text/calendar',
  'text/vcard',
  'application/json',
  'application/octet-stream',
  'application/pdf',
  'application/rtf',
  'application/zip',
  'application/x-7z-compressed',
  'application/gzip',
  'application/epub+zip',
  'application/msword',
  'application/vnd.ms-excel',
  'application/vnd.ms-powerpoint',
  'application/vnd.openxmlformats-officedocument.*',
  'application/vnd.oasis.opendocument.*',
];

/**
 * Whether the patterns (`image/png`, `image/*`) allow a type, or every type of a pattern.
 * @param type without parameters, in lower case
 */
export function covers(patterns: readonly string[], type: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern));
}
