import { ERRORS } from '@tus/server';
import { CaasError, conflict, invalid, notFound } from '#caas/kernel';

interface TusError {
  status_code: number;
  body: string;
}

/** "Not Implemented": a tus extension that we do not support; `OPTIONS` lists the supported ones. */
const NOT_SPOKEN = 501;

/** Maps an error of the tus server to one of ours. */
export function tusProblem(failure: unknown, status: number, text: string): unknown {
  if (failure instanceof Error && !isTusError(failure)) return failure;
  switch (failure) {
    case ERRORS.INVALID_OFFSET:
      return conflict('upload_offset_mismatch', 'The upload does not end there. Ask for its offset with HEAD.');
    case ERRORS.FILE_NO_LONGER_EXISTS:
      return new CaasError('gone', 'upload_expired', 'The upload was given up. Begin again.');
    case ERRORS.FILE_NOT_FOUND:
      return notFound('upload');
    case ERRORS.ABORTED:
      return conflict('upload_interrupted', 'The upload was interrupted. Ask for its offset with HEAD, and go on.');
    case ERRORS.UNSUPPORTED_CREATION_DEFER_LENGTH_EXTENSION:
      return invalid('upload_length_required', 'Say the length of the upload when it is created.');
  }
  const detail = (isTusError(failure) ? failure.body : text).trim();
  if (status === 412) return new CaasError('stale', 'tus_version_not_supported', 'Send "Tus-Resumable: 1.0.0".');
  if (status === 413) return new CaasError('too_large', 'file_too_large', 'There is more than the upload takes.');
  if (status < 500 || status === NOT_SPOKEN) return invalid('invalid_upload', `The upload was refused: ${detail}`);
  return failure ?? new Error(detail);
}

function isTusError(error: unknown): error is TusError {
  return typeof error === 'object' && error !== null && 'status_code' in error;
}
