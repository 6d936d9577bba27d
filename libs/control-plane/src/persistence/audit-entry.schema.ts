import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';

/** Who did what to which tenant. Never a secret, never an end user's data. */
@Schema({ collection: 'audit_log', versionKey: false })
export class AuditEntry {
  declare _id: ObjectId;

  @Prop({ type: Date, required: true })
  at: Date;

  @Prop({ type: String, required: true })
  actor: string;

  @Prop({ type: String, required: true })
  action: string;

  @Prop({ type: String, default: null })
  tenant_id: string | null;

  @Prop({ type: String, default: null })
  request_id: string | null;

  @Prop({ type: Object, default: {} })
  details: Record<string, unknown>;
}

export const AuditEntrySchema = SchemaFactory.createForClass(AuditEntry);
// GET /platform/v1/audit-log?tenant_id=
AuditEntrySchema.index({ tenant_id: 1, _id: -1 });
