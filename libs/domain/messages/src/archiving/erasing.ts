import type { ObjectId } from 'bson';
import { counted, type UserReference } from '#caas/kernel';
import { tombstoneOf } from '../message/tombstone';
import { contentIn } from '../kinds/message-kinds';
import { editionOf } from '../store/message.schema';
import type { ArchivedMessage } from '../cold-reads/message-archive';

/** Replaces the copied name. If the user still exists, readers see the user's current name. */
const NO_NAME = '';

/**
 * Returns an archived message without the data of one user: the user's own message becomes a tombstone, their reactions and votes
 * are subtracted from the counts, and copies of their name are removed. Null when the message has no data of the user, or the data
 * are erased already.
 */
export function withoutUser(archived: ArchivedMessage, userId: ObjectId, now: Date): ArchivedMessage | null {
  if (!isAbout(archived, userId)) return null;
  const without = erasedOf(archived, userId, now);
  return contentOf(without) === contentOf(archived) ? null : without;
}

function erasedOf(archived: ArchivedMessage, userId: ObjectId, now: Date): ArchivedMessage {
  const nameless = <R extends UserReference>(reference: R): R =>
    reference.user_id.equals(userId) ? { ...reference, user_display_name: NO_NAME } : reference;
  const { message } = archived;
  const __v = message.__v + 1;
  if (message.sender.user_id.equals(userId)) {
    const emptied = {
      ...message,
      ...tombstoneOf(message.deleted_at ?? now),
      __v,
      edition: editionOf(message) + 1,
      sender: nameless(message.sender),
      last_repliers: message.last_repliers.map(nameless),
      updated_at: now,
    };
    return { message: emptied, reactions: [], rows: [], versions: [] };
  }
  const isTheirs = ({ user }: { user: UserReference }) => user.user_id.equals(userId);
  let { reaction_counts } = message;
  for (const { emoji } of archived.reactions.filter(isTheirs)) reaction_counts = counted(reaction_counts, emoji, -1);
  const known = contentIn(message);
  const content =
    known && archived.rows.filter(isTheirs).reduce((left, row) => known.kind.withoutRow(left, row), known.content);
  return {
    message: {
      ...message,
      __v,
      updated_at: now,
      reaction_counts,
      ...(known ? { [known.kind.type]: content } : {}),
      mentions: message.mentions.map(nameless),
      last_repliers: message.last_repliers.map(nameless),
      forwarded_from: message.forwarded_from && {
        ...message.forwarded_from,
        sender: nameless(message.forwarded_from.sender),
      },
    },
    reactions: archived.reactions.filter((each) => !isTheirs(each)),
    rows: archived.rows.filter((each) => !isTheirs(each)),
    versions: archived.versions.map((version) => ({ ...version, mentions: version.mentions.map(nameless) })),
  };
}

const contentOf = ({ message, ...parts }: ArchivedMessage): string =>
  JSON.stringify({ message: { ...message, __v: null, edition: null, updated_at: null }, ...parts });

function isAbout({ message, reactions, rows, versions }: ArchivedMessage, userId: ObjectId): boolean {
  const named = [
    message.sender,
    ...message.mentions,
    ...message.last_repliers,
    ...(message.forwarded_from ? [message.forwarded_from.sender] : []),
    ...reactions.map(({ user }) => user),
    ...rows.map(({ user }) => user),
    ...versions.flatMap(({ mentions }) => mentions),
  ];
  return named.some(({ user_id }) => user_id.equals(userId));
}
