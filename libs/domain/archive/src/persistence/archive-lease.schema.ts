import { Prop, Schema } from '@nestjs/mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** The archiver that works on a conversation. The row's id is the conversation's. */
@Schema()
export class ArchiveLease extends TenantDocumentBase {
  @Prop({ type: String, required: true })
  holder: string;

  /** Incremented by every new holder, so that commits of an earlier holder are refused. */
  @Prop({ type: Number, required: true })
  fence: number;

  @Prop({ type: Date, required: true })
  until: Date;
}

export const archiveLeases = tenantCollection(ArchiveLease, { name: 'archive_leases', indexes: [] });
