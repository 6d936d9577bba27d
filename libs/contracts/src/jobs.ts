import { z } from 'zod';
import { objectId } from './wire';

export const QUEUES = ['media', 'archive', 'references', 'webhooks', 'tenants', 'maintenance'] as const;
export type QueueName = (typeof QUEUES)[number];

/** Work for one tenant: carries ids, never documents. The worker rebuilds the context from the tenant's id. */
export interface TenantJob<P extends z.ZodType = z.ZodType> {
  readonly kind: 'tenant';
  readonly queue: QueueName;
  readonly name: string;
  readonly version: number;
  readonly payload: P;
}

/** Repeated work for the whole installation. */
export interface SystemJob {
  readonly kind: 'system';
  readonly queue: QueueName;
  readonly name: string;
  readonly everyMs: number;
}

export type Job = TenantJob | SystemJob;
export type JobPayload<J> = J extends TenantJob<infer P> ? z.infer<P> : never;

/** A user was renamed: updates every copy of the display name. */
export const refreshReferences = {
  kind: 'tenant',
  queue: 'references',
  name: 'refresh-references',
  version: 1,
  payload: z.strictObject({ user_id: objectId }),
} as const satisfies TenantJob;

/** A user was deleted or deactivated: gives their groups and channels another owner. */
export const handOnOwnership = {
  kind: 'tenant',
  queue: 'references',
  name: 'hand-on-ownership',
  version: 1,
  payload: z.strictObject({ user_id: objectId }),
} as const satisfies TenantJob;

/** Repairs copies of display names that were missed, for all users of one tenant. */
export const repairReferences = {
  kind: 'tenant',
  queue: 'references',
  name: 'repair-references',
  version: 1,
  payload: z.strictObject({}),
} as const satisfies TenantJob;

/** Queues `repair-references` for each tenant in turn. */
export const sweepReferences = {
  kind: 'system',
  queue: 'maintenance',
  name: 'sweep-references',
  everyMs: 60 * 60_000,
} as const satisfies SystemJob;

/** Queues outbox entries again until their work is done. */
export const sweepOutbox = {
  kind: 'system',
  queue: 'maintenance',
  name: 'sweep-outbox',
  everyMs: 5_000,
} as const satisfies SystemJob;

/** Continues deletions of tenants that a crash interrupted. */
export const finishTenants = {
  kind: 'system',
  queue: 'tenants',
  name: 'finish-tenants',
  everyMs: 60_000,
} as const satisfies SystemJob;

/** Indexes the words of new and changed messages for search. */
export const indexMessages = {
  kind: 'system',
  queue: 'maintenance',
  name: 'index-messages',
  everyMs: 1_000,
} as const satisfies SystemJob;

/** Updates rows of conversations that a process left out of date, and publishes messages that it stored but did not publish. */
export const foldConversations = {
  kind: 'system',
  queue: 'maintenance',
  name: 'fold-conversations',
  everyMs: 5_000,
} as const satisfies SystemJob;

/** Sends the scheduled messages whose time has come. */
export const sendScheduled = {
  kind: 'system',
  queue: 'maintenance',
  name: 'send-scheduled',
  everyMs: 1_000,
} as const satisfies SystemJob;

/** Recomputes the counters of conversations and messages, one tenant at a time, in a rotation over all. */
export const verifyConversations = {
  kind: 'system',
  queue: 'maintenance',
  name: 'verify-conversations',
  everyMs: 5 * 60_000,
} as const satisfies SystemJob;

/** An upload is complete: detects its type and makes the files that are served. */
export const processFile = {
  kind: 'tenant',
  queue: 'media',
  name: 'process-file',
  version: 1,
  payload: z.strictObject({ file_id: objectId }),
} as const satisfies TenantJob;

/** A file was processed or deleted: updates every message that shows it. */
export const refreshAttachments = {
  kind: 'tenant',
  queue: 'references',
  name: 'refresh-attachments',
  version: 1,
  payload: z.strictObject({ file_id: objectId }),
} as const satisfies TenantJob;

/** Ends abandoned uploads, removes files without a reference and objects without a file; each run covers a part of all tenants. */
export const collectFiles = {
  kind: 'system',
  queue: 'maintenance',
  name: 'collect-files',
  everyMs: 60_000,
} as const satisfies SystemJob;

/** Removes expired stories and the remains of deleted posts; each run covers some tenants. */
export const expireStories = {
  kind: 'system',
  queue: 'maintenance',
  name: 'expire-stories',
  everyMs: 10_000,
} as const satisfies SystemJob;

/**
 * Moves a tenant's old messages to cold storage, starting at a conversation; queues itself again until all conversations were
 * visited.
 */
export const archiveMessages = {
  kind: 'tenant',
  queue: 'archive',
  name: 'archive-messages',
  version: 1,
  payload: z.strictObject({ after: objectId.nullable() }),
} as const satisfies TenantJob;

/** Verifies a tenant's cold storage by reading it, starting at a segment. */
export const scrubArchive = {
  kind: 'tenant',
  queue: 'archive',
  name: 'scrub-archive',
  version: 1,
  payload: z.strictObject({ after: objectId.nullable() }),
} as const satisfies TenantJob;

/** Queues both jobs for each tenant when its turn in the night comes. */
export const planArchiving = {
  kind: 'system',
  queue: 'maintenance',
  name: 'plan-archiving',
  everyMs: 5 * 60_000,
} as const satisfies SystemJob;

/** All jobs. A worker process refuses to start when a job has no handler or two. */
export const JOBS: readonly Job[] = [
  refreshReferences,
  handOnOwnership,
  repairReferences,
  sweepReferences,
  sweepOutbox,
  finishTenants,
  foldConversations,
  indexMessages,
  verifyConversations,
  sendScheduled,
  expireStories,
  processFile,
  refreshAttachments,
  collectFiles,
  archiveMessages,
  scrubArchive,
  planArchiving,
];

export const jobKey = ({ queue, name }: { queue: string; name: string }): string => `${queue}/${name}`;
