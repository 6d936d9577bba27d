import { Prop, Schema } from '@nestjs/mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** Who works on a conversation's archive. The row's id is the conversation's. */
@Schema()
export class ArchiveLease extends TenantDocumentBase {
  @Prop({ type: String, required: true })
  holder: string;

  /** Grows with every holder: what an earlier one still commits is refused by it. */
  @Prop({ type: Number, required: true })
  fence: number;

  @Prop({ type: Date, required: true })
  until: Date;
}

export const archiveLeases = tenantCollection(ArchiveLease, { name: 'archive_leases', indexes: [] });
