import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { Batcher } from '#caas/platform/concurrency';
import { prekeys, type Prekey } from '../persistence/prekey.schema';
import { forgottenAt } from './prekey-stock';

/** The first batch contains the claims of one turn of the event loop. Rate limits bound how many claims wait. */
const BATCHES = { maxBatch: 100, startsAfter: 'turn' } as const;

/** The keys that one claim gets from a device; null where none is left. */
export interface Claimed {
  one_time: Prekey | null;
  one_time_kyber: Prekey | null;
}

const KINDS = ['one_time', 'one_time_kyber'] as const;
type Kind = (typeof KINDS)[number];

interface Claim {
  ctx: RequestContext;
  generation: ObjectId;
  claimId: ObjectId;
}

/**
 * Hands out one-time keys: each once, the oldest first. Concurrent claims of one device on this process are batched, because they would
 * all want the same oldest keys and wait for each other. Between processes the database decides: the first update that makes a row
 * unavailable gets its key, and the other batch takes the next one.
 */
@Injectable()
export class PrekeyClaims {
  private readonly batcher = new Batcher(takeForAll, BATCHES);

  /** @param claimId the claim's id; for a repeated claim, see `again` */
  take(ctx: RequestContext, generation: ObjectId, claimId: ObjectId): Promise<Claimed> {
    return this.batcher.run(`${ctx.tenantId}/${generation.toHexString()}`, { ctx, generation, claimId });
  }

  /** Returns the keys of an earlier attempt whose answer was lost; if it got none, claims now. */
  async again(ctx: RequestContext, generation: ObjectId, claimId: ObjectId): Promise<Claimed> {
    const rows = await ctx.repository(prekeys).find({ claim_id: claimId, available: false, generation });
    if (rows.length === 0) return this.take(ctx, generation, claimId);
    const of = (kind: Kind) => rows.find((row) => row.kind === kind) ?? null;
    return { one_time: of('one_time'), one_time_kyber: of('one_time_kyber') };
  }
}

/** @param group claims of one generation of one tenant */
async function takeForAll(group: Claim[]): Promise<Claimed[]> {
  const { ctx, generation } = group[0]!;
  const claimed = group.map((): Claimed => ({ one_time: null, one_time_kyber: null }));
  const exhausted = new Set<Kind>();
  const lacking = () =>
    KINDS.filter((kind) => !exhausted.has(kind)).flatMap((kind) =>
      claimed.flatMap((each, at) => (each[kind] === null ? [{ kind, at }] : [])),
    );
  for (let wanted = lacking(); wanted.length > 0; wanted = lacking()) {
    const chosen: { row: Prekey; kind: Kind; at: number }[] = [];
    await Promise.all(
      KINDS.map(async (kind) => {
        const places = wanted.filter((each) => each.kind === kind);
        if (places.length === 0) return;
        const rows = await oldest(ctx, generation, kind, places.length);
        if (rows.length < places.length) exhausted.add(kind);
        rows.forEach((row, index) => chosen.push({ row, kind, at: places[index]!.at }));
      }),
    );
    // All processes update in the same order, so that two batches wait for each other instead of deadlocking.
    chosen.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
    const taken = await takeRows(
      ctx,
      chosen.map(({ row, at }) => ({ row, claimId: group[at]!.claimId })),
    );
    for (const { row, kind, at } of chosen) if (taken.has(row._id.toHexString())) claimed[at]![kind] = row;
    // A row taken by another process does not mean that no key of its kind is left.
    for (const { row, kind } of chosen) if (!taken.has(row._id.toHexString())) exhausted.delete(kind);
  }
  return claimed;
}

const oldest = (ctx: RequestContext, generation: ObjectId, kind: Kind, limit: number): Promise<Prekey[]> =>
  ctx.repository(prekeys).find({ generation, kind, available: true }, { sort: { seq: 1 }, limit });

/** @returns the ids of the rows that were still available */
async function takeRows(
  ctx: RequestContext,
  wanted: { row: Prekey; claimId: ObjectId }[],
): Promise<ReadonlySet<string>> {
  if (wanted.length === 0) return new Set();
  const repository = ctx.repository(prekeys);
  const expires_at = forgottenAt();
  const { matched } = await repository.bulkWrite(
    wanted.map(({ row, claimId }) => ({
      updateOne: {
        filter: { _id: row._id, available: true },
        update: { $set: { available: false, claim_id: claimId, expires_at } },
      },
    })),
  );
  if (matched === wanted.length) return new Set(wanted.map(({ row }) => row._id.toHexString()));
  const ids = wanted.map(({ row }) => row._id);
  const now = await repository.find({ _id: { $in: ids } }, { fields: ['claim_id'] });
  const holders = new Map(now.map(({ _id, claim_id }) => [_id.toHexString(), claim_id]));
  return new Set(
    wanted.flatMap(({ row, claimId }) => {
      const id = row._id.toHexString();
      return holders.get(id)?.equals(claimId) ? [id] : [];
    }),
  );
}
