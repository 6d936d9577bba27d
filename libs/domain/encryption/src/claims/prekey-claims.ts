import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { Batcher } from '#caas/platform/concurrency';
import { prekeys, type Prekey } from '../persistence/prekey.schema';
import { forgottenAt } from './prekey-stock';

/** What one turn of the event loop brings is in the first group. Rate limits bound how many wait. */
const BATCHES = { maxBatch: 100, startsAfter: 'turn' } as const;

/** What one claim gets of a device; null where nothing is left. */
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
 * Hands out one-time keys: each once, the oldest first. Claims of one device that come together at this process are one group, because
 * they would all want the same oldest keys and only wait for each other. Between processes the database decides: a row is taken by
 * whoever changes it from available, and a group that was slower takes the next.
 */
@Injectable()
export class PrekeyClaims {
  private readonly batcher = new Batcher(takeForAll, BATCHES);

  /** @param claimId of the claim; a claim that is repeated gets what it got: see `again` */
  take(ctx: RequestContext, generation: ObjectId, claimId: ObjectId): Promise<Claimed> {
    return this.batcher.run(`${ctx.tenantId}/${generation.toHexString()}`, { ctx, generation, claimId });
  }

  /** What a claim got that died before its answer; when that was nothing, it begins now. */
  async again(ctx: RequestContext, generation: ObjectId, claimId: ObjectId): Promise<Claimed> {
    const rows = await ctx.repository(prekeys).find({ claim_id: claimId, available: false, generation });
    if (rows.length === 0) return this.take(ctx, generation, claimId);
    const of = (kind: Kind) => rows.find((row) => row.kind === kind) ?? null;
    return { one_time: of('one_time'), one_time_kyber: of('one_time_kyber') };
  }
}

/** @param group of one generation of one tenant */
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
    // In one order everywhere: groups of two processes wait for each other, and do not lock each other out.
    chosen.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
    const taken = await takeRows(
      ctx,
      chosen.map(({ row, at }) => ({ row, claimId: group[at]!.claimId })),
    );
    for (const { row, kind, at } of chosen) if (taken.has(row._id.toHexString())) claimed[at]![kind] = row;
    // Rows that another process took do not say that nothing is left.
    for (const { row, kind } of chosen) if (!taken.has(row._id.toHexString())) exhausted.delete(kind);
  }
  return claimed;
}

const oldest = (ctx: RequestContext, generation: ObjectId, kind: Kind, limit: number): Promise<Prekey[]> =>
  ctx.repository(prekeys).find({ generation, kind, available: true }, { sort: { seq: 1 }, limit });

/** @returns the ids of those that were still there to take */
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
