/** Ends a file permanently: it is not allowed (`rejected`), or it could not be processed (`failed`). */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';

  constructor(
    readonly status: 'rejected' | 'failed',
    readonly code: string,
    readonly detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}

export const rejected = (code: string, detail: string) => new FileRefused('rejected', code, detail);
export const failed = (code: string, detail: string) => new FileRefused('failed', code, detail);

/** The file is fine, but something it needs is unavailable or busy. It is tried again later, without counting an attempt. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
}
