import { Prop, Schema } from '@nestjs/mongoose';
import { tenantCollection } from '../catalog/tenant-collection';
import { TenantDocumentBase } from '../catalog/tenant-document';

/** Work that must follow a change, written in the same transaction as the change. Removed once the work is done. */
@Schema()
export class OutboxEntry extends TenantDocumentBase {
  /** `queue/name` of the job. */
  @Prop({ type: String, required: true })
  job: string;

  @Prop({ type: Object, required: true })
  payload: Record<string, unknown>;

  @Prop({ type: String, required: true })
  request_id: string;

  /** When the sweeper queues the job (again). */
  @Prop({ type: Date, required: true })
  due_at: Date;

  /** How often the sweeper has queued the job. */
  @Prop({ type: Number, default: 0 })
  sweeps: number;
}

export const outbox = tenantCollection(OutboxEntry, {
  name: 'outbox',
  indexes: [{ key: { tenant_id: 1, due_at: 1 }, serves: 'the sweeper: what should have happened by now' }],
});
