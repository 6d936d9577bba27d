import { z } from 'zod';
import { objectId, open, timestamp, userReference } from './wire';

const poll = open({
  question: z.string(),
  options: z.array(open({ id: objectId, text: z.string(), vote_count: z.int().nonnegative() })),
  multiple: z.boolean(),
  anonymous: z.boolean(),
  closes_at: timestamp.nullable(),
  closed_at: timestamp.nullable(),
  voter_count: z.int().nonnegative(),
});

export const messageView = open({
  id: objectId,
  conversation_id: objectId,
  seq: z.int().positive(),
  /** The `rev` of its last change; 0 when it was never changed. */
  rev: z.int().nonnegative(),
  client_message_id: z.string(),
  sender: userReference,
  type: z.enum(['text', 'media', 'system', 'poll']),
  text: z.string().nullable(),
  poll: poll.nullable(),
  created_at: timestamp,
});

export const conversationView = open({
  id: objectId,
  type: z.enum(['direct', 'group', 'channel']),
  member_count: z.int(),
  last_seq: z.int(),
  rev: z.int(),
});

const reaction = open({
  message_id: objectId,
  emoji: z.string(),
  user: userReference,
  reaction_counts: z.record(z.string(), z.int().positive()),
  /** The message's `rev` before this change. A client that holds the message with a lower `rev` has missed a change of it. */
  base_rev: z.int().nonnegative(),
});

export const presenceView = open({
  user: userReference,
  status: z.enum(['online', 'away', 'busy', 'invisible', 'offline']),
  last_seen_at: timestamp.nullable(),
});

const scheduledMessage = open({
  id: objectId,
  conversation_id: objectId,
  send_at: timestamp,
  state: z.enum(['pending', 'sending', 'sent', 'failed', 'cancelled']),
  message_id: objectId.nullable(),
  failed_because: z.string().nullable(),
});

const variant = open({
  name: z.string(),
  content_type: z.string(),
  size_bytes: z.int().nonnegative(),
  width: z.int().nullable(),
  height: z.int().nullable(),
});

export const fileView = open({
  id: objectId,
  owner: userReference.nullable(),
  name: z.string(),
  status: z.enum(['uploading', 'uploaded', 'processing', 'ready', 'rejected', 'failed']),
  /** Why it is rejected or failed. */
  problem: open({ code: z.string(), detail: z.string() }).nullable(),
  /** Percent, while it is processed. */
  progress: z.int().min(0).max(100).nullable(),
  kind: z.enum(['image', 'video', 'audio', 'document', 'other']).nullable(),
  content_type: z.string().nullable(),
  size_bytes: z.int().nonnegative(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  duration_ms: z.int().nullable(),
  /** Of a PDF. */
  page_count: z.int().positive().nullable(),
  thumbhash: z.string().nullable(),
  variants: z.array(variant),
});

/** A device has another identity key (`changed`), or a new device joined others of the user (`added`). */
const keyChange = open({
  user: userReference,
  device_id: z.string(),
  signal_device_id: z.int(),
  change: z.enum(['added', 'changed']),
  identity_key: z.string(),
  log_index: z.int().nonnegative(),
});

const membership = open({
  user: userReference,
  role: z.enum(['owner', 'admin', 'moderator', 'member']),
  by: userReference.nullable(),
});

/** Every event that a server sends to clients (design §6), with its version and the shape of its `data`. */
export const EVENTS = {
  'message.created': { version: 1, data: messageView },
  'message.updated': { version: 1, data: messageView },
  'message.deleted': { version: 1, data: messageView },
  'reaction.added': { version: 1, data: reaction },
  'reaction.removed': { version: 1, data: reaction },
  /** To the voter only, on all their devices. `rev` is the message's with this vote: of two events, the later one is valid. */
  'poll.voted': {
    version: 1,
    data: open({ message_id: objectId, rev: z.int().positive(), option_ids: z.array(objectId) }),
  },
  /**
   * A change or a message in the conversation that this user cannot see. It takes a place in the order: `rev` for a change, `seq`
   * for a message.
   */
  'change.hidden': { version: 1, data: open({}) },
  'conversation.created': { version: 1, data: conversationView },
  'conversation.updated': { version: 1, data: conversationView },
  'conversation.deleted': { version: 1, data: open({ id: objectId, by: userReference.nullable() }) },
  'member.added': { version: 1, data: membership },
  'member.updated': { version: 1, data: membership },
  'member.removed': { version: 1, data: membership },
  'receipt.updated': {
    version: 1,
    data: open({ user: userReference, read_seq: z.int(), delivered_seq: z.int() }),
  },
  'file.updated': { version: 1, data: fileView },
  'user.updated': { version: 1, data: open({ id: objectId, external_id: z.string(), display_name: z.string() }) },
  'session.revoked': { version: 1, data: open({ code: z.string(), detail: z.string() }) },
  'session.expiring': { version: 1, data: open({ expires_at: timestamp }) },
  'server.closing': { version: 1, data: open({ reconnect_after_ms: z.int().nonnegative() }) },
  'connection.cut': {
    version: 1,
    data: open({ code: z.string(), detail: z.string(), retry_after: z.int().optional() }),
  },
  'scheduled_message.updated': { version: 1, data: scheduledMessage },
  'typing.started': { version: 1, data: open({ user: userReference, expires_at: timestamp }) },
  'typing.stopped': { version: 1, data: open({ user: userReference }) },
  /** To the user's own sockets: a device has few or no one-time keys left and should upload more. */
  'keys.low': {
    version: 1,
    data: open({
      device_id: z.string(),
      signal_device_id: z.int(),
      one_time_prekeys: z.int().nonnegative(),
      one_time_kyber_prekeys: z.int().nonnegative(),
    }),
  },
  /** To users who share a conversation with the user, and to the user's own sockets. */
  'keys.changed': { version: 1, data: open({ changes: z.array(keyChange) }) },
  /** To every socket of the tenant: a quota's use has reached a threshold. Sent once for each threshold, limit and calendar month. */
  'quota.warning': {
    version: 1,
    data: open({
      quota: z.enum(['users', 'messages', 'storage_bytes', 'connections']),
      percent: z.int().positive(),
      used: z.int().nonnegative(),
      limit: z.int().nonnegative(),
      period: z.string(),
      /** When the use is reset to zero; null for a quota that is not counted by the month. */
      resets_at: timestamp.nullable(),
    }),
  },
  'presence.changed': { version: 1, data: open({ changes: z.array(presenceView) }) },
} as const satisfies Record<string, { version: number; data: z.ZodType }>;

export type EventType = keyof typeof EVENTS;
export type EventData<T extends EventType> = z.infer<(typeof EVENTS)[T]['data']>;

/**
 * What a client receives under the event's own name. A conversation numbers its messages by `seq` and every other change by
 * `rev`; both are gapless and independent of each other.
 */
export interface EventEnvelope<T extends EventType = EventType> {
  id: string;
  type: T;
  at: string;
  conversation_id?: string;
  /** The `seq` of the message that was created, or that the change is about. */
  seq?: number;
  /** The `rev` of the change; `message.created` has none. */
  rev?: number;
  /** The first and the last `rev` that the event stands for; without it, the event stands for its own alone. */
  covers?: [from: number, to: number];
  data: EventData<T>;
}
