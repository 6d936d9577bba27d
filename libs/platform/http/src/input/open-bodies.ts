import { CaasError } from '#caas/kernel';

const MAX_BYTES = 128 * 2 ** 20;
/** Two dozen of the largest bodies at once: slow clients of one tenant leave room for those of others. */
const MAX_BYTES_OF_ONE = 24 * 2 ** 20;
const RETRY_AFTER_SECONDS = 5;

/** Bodies that have not arrived completely: the bytes that they hold in this process, in all and per tenant. */
export class OpenBodies {
  private bytes = 0;
  private readonly bytesOf = new Map<string, number>();

  /** @throws CaasError `too_many_bodies` (429), `unavailable` (503) */
  hold(owner: string, bytes: number): void {
    const own = (this.bytesOf.get(owner) ?? 0) + bytes;
    if (own > MAX_BYTES_OF_ONE) throw tooMany();
    if (this.bytes + bytes > MAX_BYTES) throw full();
    this.bytes += bytes;
    this.bytesOf.set(owner, own);
  }

  release(owner: string, bytes: number): void {
    this.bytes -= bytes;
    const own = (this.bytesOf.get(owner) ?? 0) - bytes;
    if (own > 0) this.bytesOf.set(owner, own);
    else this.bytesOf.delete(owner);
  }
}

const retry = { retryAfterSeconds: RETRY_AFTER_SECONDS };

const tooMany = () =>
  new CaasError(
    'too_many',
    'too_many_bodies',
    'Too many requests of this tenant are unfinished. Send fewer at once.',
    [],
    retry,
  );

const full = () =>
  new CaasError('unavailable', 'unavailable', 'This process holds as many unfinished requests as it may.', [], retry);
