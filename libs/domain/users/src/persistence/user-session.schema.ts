import { Prop, Schema } from '@nestjs/mongoose';
import type { UserReference } from '#caas/kernel';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { DEVICE_PLATFORMS, type DevicePlatform } from './user-device.schema';
import { UserReferenceProp } from './user-reference.schema';

/** One sign-in of a user; its id is the claim `sid` of the tokens that were issued for it. */
@Schema()
export class UserSession extends TenantDocumentBase {
  @UserReferenceProp()
  user: UserReference;

  @Prop({ type: String, default: null })
  device_id: string | null;

  @Prop({ type: String, enum: [...DEVICE_PLATFORMS, null], default: null })
  platform: DevicePlatform | null;

  @Prop({ type: String, default: null })
  name: string | null;

  /** When the last token issued for the session expires. */
  @Prop({ type: Date, required: true })
  expires_at: Date;

  @Prop({ type: Date, default: null })
  revoked_at: Date | null;
}

export const userSessions = tenantCollection(UserSession, {
  name: 'user_sessions',
  indexes: [
    { key: { tenant_id: 1, _id: 1 }, serves: 'is the session of this token alive?' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: -1 }, serves: 'a page of the sessions of a user; revoking all' },
    {
      key: { expires_at: 1 },
      expireAfterSeconds: 24 * 60 * 60,
      serves: 'forgetting sessions a day after no token of theirs can be valid any more',
    },
  ],
});
