import { NO_KIND_CONTENT } from '../store/kind-contents';
import type { Message } from '../store/message.schema';

/** The fields that a deletion sets. Besides them, a tombstone keeps only its place and its sender. */
export const tombstoneOf = (deleted_at: Date) =>
  ({
    deleted_at,
    text: null,
    attachments: [],
    metadata: null,
    encrypted: null,
    mentions: [],
    forwarded_from: null,
    reaction_counts: {},
    ...NO_KIND_CONTENT,
    pinned_at: null,
  }) satisfies Partial<Message>;
