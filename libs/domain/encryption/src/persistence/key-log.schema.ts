import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const KEY_LOG_ACTIONS = ['added', 'changed', 'removed'] as const;
export type KeyLogAction = (typeof KEY_LOG_ACTIONS)[number];

/** One entry of the tenant's key log. Never changed after it is written. Contains no names, because it outlives the users. */
@Schema()
export class KeyLogEntry extends TenantDocumentBase {
  /** 0, 1, 2, … */
  @Prop({ type: Number, required: true })
  index: number;

  @Prop({ type: Date, required: true })
  at: Date;

  @Prop({ type: String, enum: KEY_LOG_ACTIONS, required: true })
  action: KeyLogAction;

  @Prop({ type: Types.ObjectId, required: true })
  user_id: ObjectId;

  @Prop({ type: String, required: true })
  device_id: string;

  @Prop({ type: Number, required: true })
  signal_device_id: number;

  /** Null when the device was removed. */
  @Prop({ type: String, default: null })
  identity_key: string | null;

  /** Merkle tree (`merkle.ts`): the hashes of all complete subtrees that end with this entry, its leaf first. */
  @Prop({ type: [String], required: true })
  nodes: string[];

  /** SHA-256 of the previous chain hash and the leaf hash. */
  @Prop({ type: String, required: true })
  chain_hash: string;
}

/** The end of the log. Every append updates this one row, so two concurrent appends cannot use the same index. */
@Schema()
export class KeyLogHead extends TenantDocumentBase {
  @Prop({ type: Number, default: 0 })
  size: number;

  /** Hashes of the complete subtrees that make up the tree, the largest first. */
  @Prop({ type: [String], default: [] })
  peaks: string[];

  @Prop({ type: String, required: true })
  chain_hash: string;
}

export const keyLog = tenantCollection(KeyLogEntry, {
  name: 'key_log',
  indexes: [
    { key: { tenant_id: 1, index: 1 }, unique: true, serves: 'pages of the log; the nodes of a proof' },
    {
      key: { tenant_id: 1, user_id: 1, index: 1 },
      serves: 'the entries of one user; the identity key that a device had last',
    },
  ],
});

export const keyLogHeads = tenantCollection(KeyLogHead, {
  name: 'key_log_heads',
  indexes: [{ key: { tenant_id: 1 }, unique: true, serves: 'where the log ends; and there is one row' }],
});
