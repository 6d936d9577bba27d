import { Prop, Schema } from '@nestjs/mongoose';
import type { UserReference } from '#caas/kernel';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { UserReferenceProp } from './user-reference.schema';

export const DEVICE_PLATFORMS = ['ios', 'android', 'web', 'desktop', 'other'] as const;
export type DevicePlatform = (typeof DEVICE_PLATFORMS)[number];

@Schema()
export class UserDevice extends TenantDocumentBase {
  @UserReferenceProp()
  user: UserReference;

  /** The app's own name for the device; unique for its user. */
  @Prop({ type: String, required: true })
  device_id: string;

  @Prop({ type: String, enum: DEVICE_PLATFORMS, required: true })
  platform: DevicePlatform;

  /** The push service's token; a token belongs to one device at a time. */
  @Prop({ type: String, default: null })
  push_token: string | null;

  @Prop({ type: String, default: null })
  name: string | null;

  /** Counts changes of the fields that `PUT` sets; ETag and If-Match use it as version. Absent: 0. */
  @Prop({ type: Number })
  edition?: number;
}

export const deviceEditionOf = ({ edition = 0 }: Pick<UserDevice, 'edition'>): number => edition;

export const userDevices = tenantCollection(UserDevice, {
  name: 'user_devices',
  indexes: [
    { key: { tenant_id: 1, 'user.user_id': 1, device_id: 1 }, unique: true, serves: 'one device of a user' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: -1 }, serves: 'a page of the devices of a user' },
    {
      key: { tenant_id: 1, push_token: 1 },
      partial: { push_token: { $gt: '' } },
      serves: 'the device that held a push token before it changed hands',
    },
  ],
});
