import { Prop, raw } from '@nestjs/mongoose';
import type { UserReference } from '#caas/kernel';
import { userReferenceShape } from '#caas/domain/users';
import { TenantDocumentBase } from '#caas/tenancy';

/** What a message says: what an edit can change, and an earlier version keeps. */
export abstract class MessageContent extends TenantDocumentBase {
  @Prop({ type: String, default: null })
  text: string | null;

  @Prop({ type: [raw({ ...userReferenceShape, _id: false })], default: [] })
  mentions: UserReference[];

  @Prop({ type: Object, default: null })
  metadata: Record<string, unknown> | null;

  /** An end-to-end encrypted payload in base64, opaque here. */
  @Prop({ type: String, default: null })
  encrypted: string | null;
}
