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

/** Work for the whole installation, done again and again. */
export interface SystemJob {
  readonly kind: 'system';
  readonly queue: QueueName;
  readonly name: string;
  readonly everyMs: number;
}

export type Job = TenantJob | SystemJob;
export type JobPayload<J> = J extends TenantJob<infer P> ? z.infer<P> : never;

/** A user was renamed: every copy of the display name follows. */
export const refreshReferences = {
  kind: 'tenant',
  queue: 'references',
  name: 'refresh-references',
  version: 1,
  payload: z.strictObject({ user_id: objectId }),
} as const satisfies TenantJob;

/** A user was deleted or deactivated: their groups and channels get another owner. */
export const handOnOwnership = {
  kind: 'tenant',
  queue: 'references',
  name: 'hand-on-ownership',
  version: 1,
  payload: z.strictObject({ user_id: objectId }),
} as const satisfies TenantJob;

/** Finds copies of display names that were missed, of all users of one tenant. */
export const repairReferences = {
  kind: 'tenant',
  queue: 'references',
  name: 'repair-references',
  version: 1,
  payload: z.strictObject({}),
} as const satisfies TenantJob;

/** Sets `repair-references` to work on each tenant in turn. */
export const sweepReferences = {
  kind: 'system',
  queue: 'maintenance',
  name: 'sweep-references',
  everyMs: 60 * 60_000,
} as const satisfies SystemJob;

/** Puts facts of the outboxes back into their queues until the work they stand for is done. */
export const sweepOutbox = {
  kind: 'system',
  queue: 'maintenance',
  name: 'sweep-outbox',
  everyMs: 5_000,
} as const satisfies SystemJob;

/** Takes up deletions of tenants that a crash broke off. */
export const finishTenants = {
  kind: 'system',
  queue: 'tenants',
  name: 'finish-tenants',
  everyMs: 60_000,
} as const satisfies SystemJob;

/** Takes down the words of new and changed messages, for search. */
export const indexMessages = {
  kind: 'system',
  queue: 'maintenance',
  name: 'index-messages',
  everyMs: 1_000,
} as const satisfies SystemJob;

/** Brings rows of conversations up to date that a process has left behind, and tells of messages that it stored and did not publish. */
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

/** An upload is whole: find out what it is, and make of it what is served. */
export const processFile = {
  kind: 'tenant',
  queue: 'media',
  name: 'process-file',
  version: 1,
  payload: z.strictObject({ file_id: objectId }),
} as const satisfies TenantJob;

/** What became of a file is known, or it was deleted: every message that shows it follows. */
export const refreshAttachments = {
  kind: 'tenant',
  queue: 'references',
  name: 'refresh-attachments',
  version: 1,
  payload: z.strictObject({ file_id: objectId }),
} as const satisfies TenantJob;

/** Ends uploads that were given up, frees files that nobody holds, and the objects of no file; a portion of all tenants each time. */
export const collectFiles = {
  kind: 'system',
  queue: 'maintenance',
  name: 'collect-files',
  everyMs: 60_000,
} as const satisfies SystemJob;

/** Removes expired stories and what is left of deleted posts; some tenants each time. */
export const expireStories = {
  kind: 'system',
  queue: 'maintenance',
  name: 'expire-stories',
  everyMs: 10_000,
} as const satisfies SystemJob;

/** Moves a tenant's old messages to cold storage, from a conversation on; puts itself in again until all were visited. */
export const archiveMessages = {
  kind: 'tenant',
  queue: 'archive',
  name: 'archive-messages',
  version: 1,
  payload: z.strictObject({ after: objectId.nullable() }),
} as const satisfies TenantJob;

/** Reads a tenant's cold storage back, from a segment on. */
export const scrubArchive = {
  kind: 'tenant',
  queue: 'archive',
  name: 'scrub-archive',
  version: 1,
  payload: z.strictObject({ after: objectId.nullable() }),
} as const satisfies TenantJob;

/** Sets both to work on each tenant when its turn in the night comes. */
export const planArchiving = {
  kind: 'system',
  queue: 'maintenance',
  name: 'plan-archiving',
  everyMs: 5 * 60_000,
} as const satisfies SystemJob;

/** Every job there is. A process that works on jobs refuses to start when one has no handler, or two. */
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
