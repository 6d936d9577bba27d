import type { ObjectId } from 'bson';
import type { FileViewer, HolderExistence } from '#caas/domain/media';
import type { RequestContext } from '#caas/kernel';
import { archivedPartsOf } from '../cold-reads/archived-parts';
import type { MessageReader } from '../cold-reads/message-reader';
import { readableAmong } from '#caas/domain/conversations';
import { messageVersions } from '../store/message-version.schema';
import type { Message } from '../store/message.schema';

const AT_ONCE = 200;

/**
 * True when the actor may read one of the messages that hold a file, archived or not. An actor that is no user may read all of
 * them. The messages are checked in portions, because a file may be forwarded very often.
 */
export const mayReadAny =
  (reader: MessageReader): FileViewer =>
  async (ctx, references) => {
    for (let from = 0; from < references.length; from += AT_ONCE) {
      const ids = references.slice(from, from + AT_ONCE).map(({ holder_id }) => holder_id);
      const found = (await reader.findMany(ctx, ids)).filter(({ deleted_at }) => deleted_at === null);
      const readable = ctx.actor.kind === 'user' ? await readableAmong(ctx, found) : found;
      if (readable.length > 0) return true;
    }
    return false;
  };

/** Existing messages, archived or not. A tombstone holds files only where a legal hold keeps its content. */
export const existingHolders =
  (reader: MessageReader): HolderExistence =>
  async (ctx, ids: ObjectId[]) => {
    const [gone, there] = partition(await reader.findMany(ctx, ids), ({ deleted_at }) => deleted_at !== null);
    return [...there, ...(await keepingFiles(ctx, gone))].map(({ _id }) => _id);
  };

/** The tombstones whose kept versions have files. */
async function keepingFiles(ctx: RequestContext, gone: Message[]): Promise<Message[]> {
  if (gone.length === 0) return [];
  const ids = gone.map(({ _id }) => _id);
  const hot = await ctx.repository(messageVersions).find({ message_id: { $in: ids }, kept: true });
  const byMessage = Map.groupBy(hot, ({ message_id }) => message_id.toHexString());
  return gone.filter((message) => {
    const versions = archivedPartsOf(message)?.versions ?? byMessage.get(message._id.toHexString()) ?? [];
    // Versions that were stored before legal holds existed have no files.
    return versions.some(({ attachments = [] }) => attachments.length > 0);
  });
}

function partition<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}
