import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const HOLDER_KINDS = ['message', 'post', 'avatar'] as const;
export type HolderKind = (typeof HOLDER_KINDS)[number];

/** A message, a post or a user (for its avatar) that uses a file. */
@Schema()
export class FileReference extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  file_id: ObjectId;

  @Prop({ type: String, enum: HOLDER_KINDS, required: true })
  holder_kind: HolderKind;

  /** The message, post or user. */
  @Prop({ type: Types.ObjectId, required: true })
  holder_id: ObjectId;

  /** The conversation in which the holder is visible, if any: its members may see the file, and receive its events. */
  @Prop({ type: Types.ObjectId, default: null })
  conversation_id: ObjectId | null;
}

export const fileReferences = tenantCollection(FileReference, {
  name: 'file_references',
  indexes: [
    {
      key: { tenant_id: 1, file_id: 1, holder_kind: 1, holder_id: 1 },
      unique: true,
      serves: 'who holds a file; and nobody holds it twice',
    },
    { key: { tenant_id: 1, holder_id: 1 }, serves: 'what a message, post or user holds, to release it' },
  ],
});
