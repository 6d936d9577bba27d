import { Prop, raw } from '@nestjs/mongoose';
import type { UserReference } from '#caas/kernel';
import { userReferenceShape } from '#caas/domain/users';
import { TenantDocumentBase } from '#caas/tenancy';
import type { KindFields } from './kind-contents';
import type { Poll } from './poll-content';

/** The content of a message, of an earlier version, or of what a legal hold keeps. */
export abstract class MessageContent extends TenantDocumentBase implements KindFields {
  @Prop({ type: String, default: null })
  text: string | null;

  @Prop({ type: [raw({ ...userReferenceShape, _id: false })], default: [] })
  mentions: UserReference[];

  @Prop({ type: Object, default: null })
  metadata: Record<string, unknown> | null;

  /** An end-to-end encrypted payload in base64, opaque here. */
  @Prop({ type: String, default: null })
  encrypted: string | null;

  @Prop({ type: Object, default: null })
  poll: Poll | null;
}
