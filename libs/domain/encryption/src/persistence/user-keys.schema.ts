import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** Keys and signatures are stored as sent: standard base64. */
export interface SignedKey {
  key_id: number;
  public_key: string;
  signature: string;
}

/** A device's current keys, all of them public. */
@Schema()
export class UserKeys extends TenantDocumentBase {
  @UserReferenceProp()
  user: UserReference;

  /** The device's name; the row is deleted with the device. */
  @Prop({ type: String, required: true })
  device_id: string;

  /** 1 to 127: the name itself if it is such a number, otherwise a number that no other device of the user has. */
  @Prop({ type: Number, required: true })
  signal_device_id: number;

  /**
   * Changes with each identity key. Prekeys belong to a generation, so prekeys of an earlier identity are never combined with a later
   * one.
   */
  @Prop({ type: Types.ObjectId, required: true })
  generation: ObjectId;

  @Prop({ type: Number, required: true })
  registration_id: number;

  @Prop({ type: String, required: true })
  identity_key: string;

  @Prop({ type: Object, required: true })
  signed_prekey: SignedKey;

  @Prop({ type: Object, required: true })
  last_resort_kyber_prekey: SignedKey;

  /** How many one-time keys were ever uploaded: the next key's position in the queue. */
  @Prop({ type: Number, default: 0 })
  uploaded: number;
}

export const userKeys = tenantCollection(UserKeys, {
  name: 'user_keys',
  indexes: [
    { key: { tenant_id: 1, 'user.user_id': 1, device_id: 1 }, unique: true, serves: 'the keys of a device' },
    {
      key: { tenant_id: 1, 'user.user_id': 1, signal_device_id: 1 },
      unique: true,
      serves: 'bundles of a user in the order of the numbers; a number belongs to one device',
    },
    { key: { tenant_id: 1, identity_key: 1 }, serves: 'does somebody else use this identity key?' },
  ],
});
