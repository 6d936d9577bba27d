import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, type RequestContext } from '#caas/kernel';
import { files, type FileStatus, type StoredFile } from '../../persistence';
import { RetryLater } from '../outcomes';

/** A worker that says nothing for so long is believed to be dead. */
const LEASE_MS = 30_000;
const RENEWED_EVERY_MS = 8_000;

const UNFINISHED: FileStatus[] = ['uploaded', 'processing'];
export const isUnfinished = ({ status }: StoredFile) => UNFINISHED.includes(status);
export const UNFINISHED_ONES = { status: { $in: UNFINISHED } };

/** The filter of all that an attempt writes of its file: nothing, once another attempt has begun or the file is at its end. */
export const ofAttempt = ({ _id, attempts }: StoredFile) => ({ _id, attempts, ...UNFINISHED_ONES });

/** Which worker has a file. A claim counts a strike against the file, taken back by whoever ends in order. */
@Injectable()
export class FileClaims {
  constructor(private readonly clock: Clock) {}

  /**
   * Null for a file that is not whole, at its end, or gone.
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

  /** Runs `work` while the lease is renewed; the signal is aborted when it is lost, or with `stopping`. */
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
    // A database that is away for a moment costs nothing yet: the next renewal, or the end, will tell.
    const timer = setInterval(() => void renew().catch(() => undefined), RENEWED_EVERY_MS);
    try {
      return await work(AbortSignal.any([lost.signal, stopping]));
    } finally {
      clearInterval(timer);
    }
  }

  /** Lets go of a file whose work is not done, for the next attempt. @param struck whether this one counts against the file */
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
