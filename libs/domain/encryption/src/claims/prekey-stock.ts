import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, conflict, type NewDocument, type RequestContext } from '#caas/kernel';
import { prekeys, type Prekey, type PrekeyKind } from '../persistence/prekey.schema';
import { userKeys } from '../persistence/user-keys.schema';

/** The most unused keys of each kind. */
export const MAX_STOCK = 200;
/** A used key is remembered, and refused if it is uploaded again, for this long. */
const REMEMBERED_MS = 30 * 24 * 60 * 60_000;

export interface NewPrekey {
  kind: PrekeyKind;
  key_id: number;
  public_key: string;
  signature: string | null;
  /** The key's field in the request. */
  field: string;
}

export interface Stock {
  one_time_prekeys: number;
  one_time_kyber_prekeys: number;
}

/** When a key that is used now is forgotten. */
export const forgottenAt = (): Date => new Date(Date.now() + REMEMBERED_MS);

/** The prekeys of devices, by generation: upload, stock, and removal with the device. */
@Injectable()
export class PrekeyStock {
  async left(ctx: RequestContext, generation: ObjectId): Promise<Stock> {
    const [one_time_prekeys, one_time_kyber_prekeys] = await Promise.all([
      ctx.repository(prekeys).count({ generation, kind: 'one_time', available: true }),
      ctx.repository(prekeys).count({ generation, kind: 'one_time_kyber', available: true }),
    ]);
    return { one_time_prekeys, one_time_kyber_prekeys };
  }

  /**
   * The keys among `wanted` that are not stored yet, because an upload may be repeated.
   * @param generation null for a new device or a new identity
   * @throws CaasError `key_id_taken`, `key_reused`, `too_many_prekeys` (409)
   */
  async missing(ctx: RequestContext, generation: ObjectId | null, wanted: NewPrekey[]): Promise<NewPrekey[]> {
    if (wanted.length === 0) return [];
    const [sameKeys, sameIds] = await Promise.all([
      this.withKeysOf(ctx, wanted),
      this.withIdsOf(ctx, generation, wanted),
    ]);
    const missing = wanted.filter((prekey) => {
      const known = sameKeys.get(fingerprintOf(prekey.public_key));
      const isOwn = generation !== null && known?.generation.equals(generation);
      if (known && isOwn && known.kind === prekey.kind && known.key_id === prekey.key_id) return false;
      if (known) throw taken('key_reused', prekey, 'was used before, for another purpose, identity or device');
      if (sameIds.has(`${prekey.kind}/${prekey.key_id}`))
        throw taken('key_id_taken', prekey, 'has the id of another key');
      return true;
    });
    if (generation) await this.requireRoom(ctx, generation, missing);
    return missing;
  }

  /**
   * Appends one-time keys to the queue.
   * @returns false when the device's identity has changed
   * @throws DuplicateKeyError when a concurrent upload came first
   */
  async add(ctx: RequestContext, generation: ObjectId, fresh: NewPrekey[]): Promise<boolean> {
    if (fresh.length === 0) return true;
    const keys = await ctx.repository(userKeys).findOneAndUpdate({ generation }, { $inc: { uploaded: fresh.length } });
    if (!keys) return false;
    const first = keys.uploaded - fresh.length;
    const rows = fresh.map((prekey, at) => rowOf(generation, prekey, { available: true, seq: first + at }));
    await ctx.repository(prekeys).insertMany(rows);
    return true;
  }

  /** Records a signed or last-resort key that is in use from now on. @throws DuplicateKeyError */
  async keep(tx: RequestContext, generation: ObjectId, fresh: NewPrekey[]): Promise<void> {
    await tx.repository(prekeys).insertMany(fresh.map((prekey) => rowOf(generation, prekey, { available: false })));
  }

  /** Records that a signed or last-resort key was replaced. */
  async retire(tx: RequestContext, generation: ObjectId, kind: PrekeyKind, key_id: number): Promise<void> {
    await tx.repository(prekeys).updateOne({ generation, kind, key_id }, { $set: { expires_at: forgottenAt() } });
  }

  /** Deletes all keys except the records of those that were handed out. */
  async drop(tx: RequestContext, generations: ObjectId[]): Promise<void> {
    await tx.repository(prekeys).deleteMany({ generation: { $in: generations }, claim_id: null });
  }

  private async withKeysOf(ctx: RequestContext, wanted: NewPrekey[]): Promise<Map<string, Prekey>> {
    const fingerprint = { $in: wanted.map(({ public_key }) => fingerprintOf(public_key)) };
    const found = await ctx
      .repository(prekeys)
      .find({ fingerprint }, { fields: ['generation', 'kind', 'key_id', 'fingerprint'] });
    return new Map(found.map((row) => [row.fingerprint, row]));
  }

  private async withIdsOf(ctx: RequestContext, generation: ObjectId | null, wanted: NewPrekey[]): Promise<Set<string>> {
    if (generation === null) return new Set();
    const byKind = Map.groupBy(wanted, ({ kind }) => kind);
    const found = await Promise.all(
      [...byKind].map(([kind, some]) =>
        ctx
          .repository(prekeys)
          .find(
            { generation, kind, key_id: { $in: some.map(({ key_id }) => key_id) } },
            { fields: ['kind', 'key_id'] },
          ),
      ),
    );
    return new Set(found.flat().map(({ kind, key_id }) => `${kind}/${key_id}`));
  }

  private async requireRoom(ctx: RequestContext, generation: ObjectId, missing: NewPrekey[]): Promise<void> {
    const more = (kind: PrekeyKind) => missing.filter((prekey) => prekey.kind === kind).length;
    if (more('one_time') + more('one_time_kyber') === 0) return;
    const left = await this.left(ctx, generation);
    const most = Math.max(
      left.one_time_prekeys + more('one_time'),
      left.one_time_kyber_prekeys + more('one_time_kyber'),
    );
    if (most > MAX_STOCK) {
      throw conflict('too_many_prekeys', `A device has at most ${MAX_STOCK} one-time keys of each kind waiting.`);
    }
  }
}

const rowOf = (
  generation: ObjectId,
  { kind, key_id, public_key, signature }: NewPrekey,
  { available, seq = 0 }: { available: boolean; seq?: number },
): NewDocument<Prekey> => ({
  generation,
  kind,
  key_id,
  public_key,
  signature,
  fingerprint: fingerprintOf(public_key),
  seq,
  available,
  claim_id: null,
  expires_at: null,
});

const FINGERPRINT_CHARACTERS = 24;
const fingerprintOf = (publicKey: string): string =>
  createHash('sha256').update(publicKey).digest('base64').slice(0, FINGERPRINT_CHARACTERS);

const taken = (code: string, { field, key_id }: NewPrekey, message: string) =>
  new CaasError('conflict', code, `The key ${key_id} of ${field} ${message}.`, [{ field, message }]);
