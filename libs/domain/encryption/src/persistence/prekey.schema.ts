import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** Keys of the first two kinds are handed out once. For the others the row only records that the key was used. */
export const PREKEY_KINDS = ['one_time', 'one_time_kyber', 'signed', 'last_resort_kyber'] as const;
export type PrekeyKind = (typeof PREKEY_KINDS)[number];

/** One prekey of a device. It is kept for a while after its use, so that the same key cannot be uploaded again. */
@Schema()
export class Prekey extends TenantDocumentBase {
  /** The generation of the `user_keys` row. */
  @Prop({ type: Types.ObjectId, required: true })
  generation: ObjectId;

  @Prop({ type: String, enum: PREKEY_KINDS, required: true })
  kind: PrekeyKind;

  @Prop({ type: Number, required: true })
  key_id: number;

  @Prop({ type: String, required: true })
  public_key: string;

  @Prop({ type: String, default: null })
  signature: string | null;

  /** Hash of the public key, short enough for an index. */
  @Prop({ type: String, required: true })
  fingerprint: string;

  /** Position in the queue: the lowest is handed out first. */
  @Prop({ type: Number, default: 0 })
  seq: number;

  /** Whether it can still be handed out. */
  @Prop({ type: Boolean, required: true })
  available: boolean;

  /** The claim that got it; a repeated claim finds it by this id. */
  @Prop({ type: Types.ObjectId, default: null })
  claim_id: ObjectId | null;

  @Prop({ type: Date, default: null })
  expires_at: Date | null;
}

export const prekeys = tenantCollection(Prekey, {
  name: 'prekey_bundles',
  indexes: [
    {
      key: { tenant_id: 1, generation: 1, kind: 1, available: 1, seq: 1 },
      serves: 'the oldest that are left of a kind; how many are left',
    },
    {
      key: { tenant_id: 1, generation: 1, kind: 1, key_id: 1 },
      unique: true,
      serves: 'is this id of a key taken? Two uploads at once cannot both take it',
    },
    {
      key: { tenant_id: 1, fingerprint: 1 },
      unique: true,
      serves: 'was this key ever uploaded, here or by another device? It is not handed out twice',
    },
    { key: { tenant_id: 1, claim_id: 1 }, partial: { available: false }, serves: 'what a repeated claim got at first' },
    { key: { expires_at: 1 }, expireAfterSeconds: 0, serves: 'forgetting keys some time after their use' },
  ],
});
