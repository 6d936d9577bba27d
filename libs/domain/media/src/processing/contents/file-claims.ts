import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, type RequestContext } from '#caas/kernel';
import { files, type FileStatus, type StoredFile } from '../../persistence';
import { RetryLater } from '../outcomes';

/** A worker that does not renew its lease for this long is taken for dead. */
const LEASE_MS = 30_000;
const RENEWED_EVERY_MS = 8_000;

const UNFINISHED: FileStatus[] = ['uploaded', 'processing'];
export const isUnfinished = ({ status }: StoredFile) => UNFINISHED.includes(status);
export const UNFINISHED_ONES = { status: { $in: UNFINISHED } };

/** Filter for every write of an attempt to its file. It matches nothing once another attempt has begun or the file is finished. */
export const ofAttempt = ({ _id, attempts }: StoredFile) => ({ _id, attempts, ...UNFINISHED_ONES });

/** Assigns files to workers. A claim adds a strike to the file, which an attempt that ends properly removes. */
@Injectable()
export class FileClaims {
  constructor(private readonly clock: Clock) {}

  /**
   * Null for a file that is incomplete, finished, or deleted.
   * @throws RetryLater while another worker has it
   */
  async take(ctx: RequestContext, id: ObjectId): Promise<StoredFile | null> {
    const now = this.clock.now();
    const free = [{ leased_until: null }, { leased_until: { $lt: now } }];
    const claimed = await ctx
      .repository(files)
      .findOneAndUpdate(
        { _id: id, ...UNFINISHED_ONES, $or: free },
        { $set: { status: 'processing', leased_until: this.leaseEnd() }, $inc: { attempts: 1, strikes: 1 } },
      );
    if (claimed) return claimed;
    const file = await ctx.repository(files).findById(id);
    if (file && isUnfinished(file)) throw new RetryLater('another worker has the file');
    return null;
  }

  /** Runs `work` and renews the lease; the signal is aborted when the lease is lost, or with `stopping`. */
  async holding<T>(
    ctx: RequestContext,
    file: StoredFile,
    stopping: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const lost = new AbortController();
    const renew = async () => {
      const lease = { $set: { leased_until: this.leaseEnd() } };
      const { matched } = await ctx.repository(files).updateOne(ofAttempt(file), lease);
      if (matched === 0) lost.abort(new RetryLater('the file is no longer ours'));
    };
    // A short database outage is harmless: a later renewal, or the final write, detects a lost lease.
    const timer = setInterval(() => void renew().catch(() => undefined), RENEWED_EVERY_MS);
    try {
      return await work(AbortSignal.any([lost.signal, stopping]));
    } finally {
      clearInterval(timer);
    }
  }

  /** Releases an unfinished file for the next attempt. @param struck whether the strike of this attempt remains */
  async release(ctx: RequestContext, file: StoredFile, struck: boolean): Promise<StoredFile | null> {
    return ctx.repository(files).findOneAndUpdate(ofAttempt(file), {
      $set: { status: 'uploaded', leased_until: null },
      $inc: { strikes: struck ? 0 : -1 },
    });
  }

  private leaseEnd(): Date {
    return new Date(this.clock.now().getTime() + LEASE_MS);
  }
}
