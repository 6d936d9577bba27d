/** One field of a request that was refused, as RFC 9457 extension member `errors`. */
export interface FieldError {
  field: string;
  message: string;
}

/** The kind of a failure, which every transport can map: HTTP maps each kind to one status (see `libs/platform` http). */
export type ErrorKind =
  | 'invalid' // 400
  | 'unauthenticated' // 401
  | 'quota' // 402
  | 'forbidden' // 403
  | 'not_found' // 404
  | 'timeout' // 408
  | 'conflict' // 409
  | 'gone' // 410
  | 'stale' // 412
  | 'too_large' // 413
  | 'unsupported_media' // 415
  | 'mismatch' // 422
  | 'too_many' // 429
  | 'checksum' // 460 (tus 1.0)
  | 'internal' // 500
  | 'unavailable'; // 503

/** The one error class that reaches a client. `code` is a stable snake_case identifier; `message` is written for the client. */
export class CaasError extends Error {
  override readonly name = 'CaasError';

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    detail: string,
    readonly fields: FieldError[] = [],
    options?: { cause?: unknown; retryAfterSeconds?: number },
  ) {
    super(detail, options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }

  readonly retryAfterSeconds: number | undefined;
}

export const invalid = (code: string, detail: string, fields: FieldError[] = []) =>
  new CaasError('invalid', code, detail, fields);
export const unauthenticated = (code: string, detail: string) => new CaasError('unauthenticated', code, detail);
export const forbidden = (code: string, detail: string) => new CaasError('forbidden', code, detail);
export const conflict = (code: string, detail: string) => new CaasError('conflict', code, detail);
export const stale = (detail: string) => new CaasError('stale', 'stale_version', detail);

/**
 * The same answer whether the thing does not exist, belongs to another tenant, or is hidden from the user: `what` names only its
 * kind.
 */
export const notFound = (what: string) => new CaasError('not_found', `${what}_not_found`, `No such ${what}.`);
