/** What ends a file for good: it may not be here (`rejected`), or it could not be worked up (`failed`). */
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

/** Nothing is wrong with the file: something it needs is away or busy. It is tried again later, and no attempt is counted. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
}
