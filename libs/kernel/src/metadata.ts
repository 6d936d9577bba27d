export const MAX_METADATA_BYTES = 8 * 1024;
const MAX_METADATA_DEPTH = 16;

/**
 * What is wrong with a tenant's metadata, in words that follow "must be"; null when it is valid. Valid metadata is a JSON object
 * of at most 8 KB, nested at most 16 deep.
 */
export function metadataProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'an object';
  if (isDeeperThan(MAX_METADATA_DEPTH, value)) return `nested at most ${MAX_METADATA_DEPTH} deep`;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > MAX_METADATA_BYTES ? `at most ${MAX_METADATA_BYTES} bytes of JSON` : null;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
