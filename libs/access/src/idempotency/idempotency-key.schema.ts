import { Prop, Schema } from '@nestjs/mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** One use of an `Idempotency-Key`, and the answer for its repetitions. */
@Schema()
export class IdempotencyKey extends TenantDocumentBase {
  /** `user:<id>`, or `server` for any server key of the tenant, since a repetition may come with a newer key. */
  @Prop({ type: String, required: true })
  actor: string;

  @Prop({ type: String, required: true })
  key: string;

  /** SHA-256 of method, path and body: the same key with another request is a client's mistake. */
  @Prop({ type: String, required: true })
  request_hash: string;

  /** Id of the attempt that may write the answer; another attempt replaces it if it died. */
  @Prop({ type: String, required: true })
  attempt: string;

  /** The attempt counts as alive until this time; null once it has answered. */
  @Prop({ type: Date, default: null })
  working_until: Date | null;

  @Prop({ type: Number, default: null })
  status: number | null;

  /** JSON text, because its fields come from the client and some of their names are not allowed in a document. */
  @Prop({ type: String, default: null })
  body: string | null;

  @Prop({ type: Date, required: true })
  expires_at: Date;
}

export const idempotencyKeys = tenantCollection(IdempotencyKey, {
  name: 'idempotency_keys',
  indexes: [
    {
      key: { tenant_id: 1, actor: 1, key: 1 },
      unique: true,
      serves: 'was this request made before? and only one makes it',
    },
    { key: { expires_at: 1 }, expireAfterSeconds: 0, serves: 'forgetting answers after a day' },
  ],
});
