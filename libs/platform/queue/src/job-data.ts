import { UnrecoverableError } from 'bullmq';
import { isObjectIdHex, isTenantId, type TenantId } from '#caas/kernel';
import type { JobPayload, TenantJob } from '#caas/contracts';

/** The data in Redis: `{ tenant_id, request_id, v, outbox_id, ...payload }`. */
export interface JobData {
  tenant_id: TenantId;
  request_id: string;
  v: number;
  outbox_id: string | null;
  [field: string]: unknown;
}

export interface JobMeta {
  tenantId: TenantId;
  requestId: string;
  outboxId?: string;
}

/** @throws ZodError: the caller's mistake, before anything is queued */
export function encodeJob<J extends TenantJob>(job: J, payload: JobPayload<J>, meta: JobMeta): JobData {
  const { tenantId, requestId, outboxId = null } = meta;
  return {
    ...(job.payload.parse(payload) as object),
    tenant_id: tenantId,
    request_id: requestId,
    v: job.version,
    outbox_id: outboxId,
  };
}

/**
 * Reads and validates a job's data. Redis is not trusted: the data may come from anyone.
 * @throws UnrecoverableError when it is malformed, of another version, or names no tenant
 */
export function decodeJob(
  job: TenantJob,
  data: unknown,
): { payload: unknown; meta: Required<JobMeta> | (JobMeta & { outboxId: undefined }) } {
  const { tenant_id, request_id, v, outbox_id, ...payload } = (data ?? {}) as Partial<JobData>;
  if (!isTenantId(tenant_id)) throw new UnrecoverableError('The job names no tenant.');
  if (v !== job.version) throw new UnrecoverableError(`The job has version ${String(v)}, not ${job.version}.`);
  if (typeof request_id !== 'string' || request_id.length > 64)
    throw new UnrecoverableError('The job has no request id.');
  if (outbox_id !== null && !isObjectIdHex(outbox_id)) throw new UnrecoverableError('The job names no outbox row.');
  const parsed = job.payload.safeParse(payload);
  if (!parsed.success)
    throw new UnrecoverableError(`The job's payload is malformed: ${parsed.error.issues[0]?.message}`);
  return {
    payload: parsed.data,
    meta: { tenantId: tenant_id, requestId: request_id, outboxId: outbox_id ?? undefined },
  };
}
