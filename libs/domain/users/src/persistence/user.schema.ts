import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const USER_STATUSES = ['active', 'deactivated'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

@Schema()
export class User extends TenantDocumentBase {
  /** The tenant's own name for the user; never changes. */
  @Prop({ type: String, required: true })
  external_id: string;

  @Prop({ type: String, required: true })
  display_name: string;

  /** The normalized `display_name` for searches: see `nameKeyOf`. */
  @Prop({ type: String, required: true })
  name_key: string;

  @Prop({ type: Types.ObjectId, default: null })
  avatar_file_id: ObjectId | null;

  @Prop({ type: Object, default: {} })
  metadata: Record<string, unknown>;

  @Prop({ type: String, enum: USER_STATUSES, default: 'active' })
  status: UserStatus;

  @Prop({ type: Date, default: null })
  last_seen_at: Date | null;

  /** When `display_name` last changed; the sweep of references queries it. */
  @Prop({ type: Date, default: null })
  renamed_at: Date | null;

  /** Set when a deleted user is restored: tokens issued before this, a whole second, stay invalid. */
  @Prop({ type: Date, default: null })
  tokens_from: Date | null;

  /** Counts updates that do not change the profile (`last_seen_at`); see `profileVersionOf`. */
  @Prop({ type: Number, default: 0 })
  quiet_updates: number;
}

export const users = tenantCollection(User, {
  name: 'users',
  indexes: [
    { key: { tenant_id: 1, external_id: 1 }, unique: true, serves: 'one user by external id, deleted ones too' },
    { key: { tenant_id: 1, _id: -1 }, serves: 'a page of users, newest first, and the rotation over all of them' },
    { key: { tenant_id: 1, status: 1, _id: -1 }, serves: 'a page of users of one status' },
    { key: { tenant_id: 1, name_key: 1 }, serves: 'users whose name begins with what was typed' },
    { key: { tenant_id: 1, renamed_at: 1 }, serves: 'users renamed of late, whose copies the sweep looks over' },
  ],
});

/**
 * The version for ETag and If-Match. Updates of `last_seen_at` increment `__v` but must not make an editor's copy stale, so they are
 * subtracted.
 */
export const profileVersionOf = (user: Pick<User, '__v' | 'quiet_updates'>): number => user.__v - user.quiet_updates;

/** Folds letter case and compatibility forms, so that "ＡＮＮＡ" is found by "anna" (Unicode NFKC). */
export const nameKeyOf = (displayName: string): string => displayName.normalize('NFKC').toLowerCase();
