import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import type { TenantDocument } from '#caas/kernel';

/** The fields of every tenant document (design §3); the document classes of domains extend it. */
@Schema()
export abstract class TenantDocumentBase implements TenantDocument {
  declare _id: ObjectId;

  @Prop({ type: String, required: true })
  tenant_id: string;

  @Prop({ type: Date, required: true })
  created_at: Date;

  @Prop({ type: Date, required: true })
  updated_at: Date;

  @Prop({ type: Date, default: null })
  deleted_at: Date | null;

  /** Maintained by the repository instead of mongoose: it grows with every update, whatever the operator. */
  @Prop({ type: Number, default: 0 })
  __v: number;
}
