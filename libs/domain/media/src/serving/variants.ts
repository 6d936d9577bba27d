import { CaasError, conflict, notFound } from '#caas/kernel';
import type { FileWithMedia } from '../files/file-access';
import type { MediaVariant } from '../persistence';

export const DEFAULT_VARIANT = 'original';
const RETRY_AFTER_SECONDS = 2;

/** A variant and its object's key. */
export interface FoundVariant {
  variant: MediaVariant;
  key: string;
}

/**
 * Serves only processed variants, never the uploaded bytes.
 * @throws CaasError 409 `file_not_ready`, or the code of the rejection; 410 the code of the failure; 404 `variant_not_found`
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
