import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, DuplicateKeyError, type RequestContext } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { idempotencyKeys, type IdempotencyKey } from './idempotency-key.schema';

const KEPT_MS = 24 * 60 * 60_000;
/**
 * How long an attempt may work before another takes over. The first may have done its work and died before it answered, or may
 * still be working. Both create the same thing under the same id, which keeps the work from being done twice.
 */
const WORKING_MS = 10_000;
const TRIES = 5;

export interface KeyedRequest {
  actor: string;
  key: string;
  /** Same request, same hash. */
  hash: string;
}

export interface KeyedAnswer {
  status: number;
  /** JSON text; null for an answer without a body. */
  body: string | null;
}

/** The right to do the work. Its answer or its failure must be reported. */
export interface Attempt {
  /** The id of this use of the key, the same for every attempt. The new thing is created under this id. */
  id: ObjectId;
  attempt: string;
}

export type Claim = { replay: KeyedAnswer } | { attempt: Attempt };

/** Stores the answers to requests with an `Idempotency-Key` for 24 hours, in the tenant's placement. */
@Injectable()
export class IdempotencyKeys {
  constructor(private readonly log: Log) {}

  /**
   * Claims a key. Of concurrent requests, one gets the attempt.
   * @throws CaasError `idempotency_mismatch` (422) for another request under the key, `idempotency_in_progress` (409) while the
   *   first is being worked on
   */
  async claim(ctx: RequestContext, request: KeyedRequest): Promise<Claim> {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const attempt = await this.begin(ctx, request);
      if (attempt) return { attempt };
      const known = await ctx.repository(idempotencyKeys).findOne({ actor: request.actor, key: request.key });
      // The entry disappeared between the two calls: the first attempt failed, or it expired.
      if (!known) continue;
      const claim = await this.claimKnown(ctx, known, request);
      if (claim) return claim;
    }
    throw inProgress();
  }

  /** Stores the answer. If that fails, the client still gets its answer, since the request succeeded. */
  async answered(ctx: RequestContext, { id, attempt }: Attempt, answer: KeyedAnswer): Promise<void> {
    const kept = { ...answer, working_until: null };
    try {
      await ctx.repository(idempotencyKeys).updateOne({ _id: id, attempt }, { $set: kept });
    } catch (error) {
      this.log.of(ctx).warn({ err: error }, 'an answer was not kept for repetitions of its request');
    }
  }

  /** Releases the key after a failure: the next request under it counts as the first. */
  async failed(ctx: RequestContext, { id, attempt }: Attempt): Promise<void> {
    try {
      await ctx.repository(idempotencyKeys).deleteOne({ _id: id, attempt });
    } catch (error) {
      this.log.of(ctx).warn({ err: error }, 'an idempotency key stays taken for a while');
    }
  }

  /** Null when the key is in use. */
  private async begin(ctx: RequestContext, { actor, key, hash }: KeyedRequest): Promise<Attempt | null> {
    const attempt = randomUUID();
    try {
      const { _id } = await ctx.repository(idempotencyKeys).insertOne({
        actor,
        key,
        request_hash: hash,
        ...workingNow(attempt),
        status: null,
        body: null,
      });
      return { id: _id, attempt };
    } catch (error) {
      if (error instanceof DuplicateKeyError) return null;
      throw error;
    }
  }

  /** Null when the known use has ended, or another request took it over first. */
  private async claimKnown(ctx: RequestContext, known: IdempotencyKey, request: KeyedRequest): Promise<Claim | null> {
    const now = new Date();
    if (known.expires_at <= now) {
      // The engine removes expired entries with a delay.
      await ctx.repository(idempotencyKeys).deleteOne({ _id: known._id, attempt: known.attempt });
      return null;
    }
    if (known.request_hash !== request.hash) throw mismatch();
    if (known.status !== null) {
      return { replay: { status: known.status, body: known.body } };
    }
    if (known.working_until !== null && known.working_until > now) throw inProgress();
    return this.takeOver(ctx, known);
  }

  private async takeOver(ctx: RequestContext, known: IdempotencyKey): Promise<Claim | null> {
    const attempt = randomUUID();
    const taken = await ctx
      .repository(idempotencyKeys)
      .updateOne({ _id: known._id, attempt: known.attempt }, { $set: workingNow(attempt) });
    return taken.matched === 1 ? { attempt: { id: known._id, attempt } } : null;
  }
}

function workingNow(attempt: string) {
  const now = Date.now();
  return { attempt, working_until: new Date(now + WORKING_MS), expires_at: new Date(now + KEPT_MS) };
}

const mismatch = () =>
  new CaasError('mismatch', 'idempotency_mismatch', 'This Idempotency-Key was used for another request.', [
    { field: 'Idempotency-Key', message: 'was used for another request' },
  ]);

const inProgress = () =>
  new CaasError(
    'conflict',
    'idempotency_in_progress',
    'The first request with this Idempotency-Key is not done yet.',
    [],
    {
      retryAfterSeconds: 1,
    },
  );
