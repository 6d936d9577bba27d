import { NO_KIND_CONTENT } from '../store/kind-contents';
import type { Message } from '../store/message.schema';

/** What a deletion leaves of a message besides its place and its sender: the fields that it sets. */
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
