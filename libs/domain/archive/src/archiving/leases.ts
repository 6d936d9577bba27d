import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, DuplicateKeyError, type RequestContext } from '#caas/kernel';
import { archiveLeases } from '../persistence/archive-lease.schema';

const LEASE_MS = 60_000;

/** Another process holds the lease now; the previous holder must not commit anything more. */
export class LeaseLost extends Error {}

export interface Lease {
  conversationId: ObjectId;
  fence: number;
}

/**
 * One archiver per conversation at a time. The expiry time only decides who may try to take the lease. Exclusion does not depend on
 * clocks: each commit checks and writes the fence in its transaction.
 */
@Injectable()
export class ArchiveLeases {
  private readonly holder = randomBytes(8).toString('hex');

  constructor(private readonly clock: Clock) {}

  /** Null while another process holds it. */
  async take(ctx: RequestContext, conversationId: ObjectId): Promise<Lease | null> {
    const free = { _id: conversationId, until: { $lt: this.clock.now() } };
    const taking = { $set: { holder: this.holder, until: this.end() }, $inc: { fence: 1 } };
    try {
      const taken = await ctx.repository(archiveLeases).findOneAndUpdate(free, taking, { upsert: true });
      return taken && { conversationId, fence: taken.fence };
    } catch (error) {
      // The row exists and has not expired.
      if (error instanceof DuplicateKeyError) return null;
      throw error;
    }
  }

  /** Call it first in the transaction of a commit; outside a transaction it renews the lease. @throws LeaseLost */
  async require(ctx: RequestContext, { conversationId, fence }: Lease): Promise<void> {
    const { matched } = await ctx
      .repository(archiveLeases)
      .updateOne({ _id: conversationId, fence }, { $set: { until: this.end() } });
    if (matched !== 1) throw new LeaseLost('Another archiver has taken over the conversation.');
  }

  async release(ctx: RequestContext, { conversationId, fence }: Lease): Promise<void> {
    await ctx.repository(archiveLeases).updateOne({ _id: conversationId, fence }, { $set: { until: new Date(0) } });
  }

  /** Runs `work` under the lease; null while another process holds it. */
  async with<T>(ctx: RequestContext, id: ObjectId, work: (lease: Lease) => Promise<T>): Promise<T | null> {
    const lease = await this.take(ctx, id);
    if (!lease) return null;
    try {
      return await work(lease);
    } finally {
      await this.release(ctx, lease).catch(() => undefined);
    }
  }

  private end = (): Date => new Date(this.clock.now().getTime() + LEASE_MS);
}
