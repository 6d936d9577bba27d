import { Prop, Schema } from '@nestjs/mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { CHOSEN_STATUSES, type ChosenStatus } from './presence-status';

/** A user's connection to one process, now or recently, over any number of sockets. */
@Schema()
export class Presence extends TenantDocumentBase {
  @UserReferenceProp()
  user: UserReference;

  @Prop({ type: String, required: true })
  process_id: string;

  /** The status that the user chose. Of a user's rows, the one with the latest `status_at` counts. */
  @Prop({ type: String, enum: CHOSEN_STATUSES, required: true })
  status: ChosenStatus;

  @Prop({ type: Date, required: true })
  status_at: Date;

  /** What the process last wrote; `alive_until` says whether the process still lives. */
  @Prop({ type: Boolean, required: true })
  connected: boolean;

  /** Extended by the process while it lives. */
  @Prop({ type: Date, required: true })
  alive_until: Date;

  /** When the user was last visible to others. */
  @Prop({ type: Date, default: null })
  seen_at: Date | null;

  @Prop({ type: Date, required: true })
  expires_at: Date;
}

export const presence = tenantCollection(Presence, {
  name: 'presence',
  indexes: [
    {
      key: { tenant_id: 1, 'user.user_id': 1, process_id: 1 },
      unique: true,
      serves: 'is this user there; one row for a user and process; refreshing names',
    },
    { key: { tenant_id: 1, process_id: 1 }, serves: 'the sign of life of a process' },
    { key: { tenant_id: 1, alive_until: 1 }, serves: 'users of processes that gave no sign of life' },
    { key: { expires_at: 1 }, expireAfterSeconds: 0, serves: 'forgetting who was there' },
  ],
});
