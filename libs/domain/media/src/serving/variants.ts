import { CaasError, conflict, notFound } from '#caas/kernel';
import type { FileWithMedia } from '../files/file-access';
import type { MediaVariant } from '../persistence';

export const DEFAULT_VARIANT = 'original';
const RETRY_AFTER_SECONDS = 2;

/** Where a variant lies. */
export interface FoundVariant {
  variant: MediaVariant;
  key: string;
}

/**
 * Only what was made of a file is served, never its bytes as they were uploaded.
 * @throws CaasError 409 `file_not_ready`, or what it was rejected for; 410 what made it fail; 404 `variant_not_found`
 */
export function variantOf({ file, media }: FileWithMedia, name: string): FoundVariant {
  const { status, problem } = file;
  if (status === 'rejected') throw conflict(problem?.code ?? 'file_rejected', problem?.detail ?? 'It was rejected.');
  if (status === 'failed') {
    throw new CaasError('gone', problem?.code ?? 'file_failed', problem?.detail ?? 'It could not be processed.');
  }
  const variant = media?.variants.find((each) => each.name === name);
  if (variant) return { variant, key: `${media!.object_prefix}/${variant.object}` };
  if (status === 'ready') throw notFound('variant');
  throw new CaasError('conflict', 'file_not_ready', 'The file is not processed yet.', [], {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
