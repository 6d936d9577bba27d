import type { ObjectId } from 'bson';
import type { FileViewer, HolderExistence } from '#caas/domain/media';
import type { MessageReader } from '../archived/message-reader';
import { readableAmong } from '../conversations/entries';
import { scheduledMessages } from '../persistence/scheduled-message.schema';

const AT_ONCE = 200;
const WAITING = { $in: ['pending', 'sending'] };

/** May the actor read one of the messages that hold a file, archived or not? One that was passed on very often is looked for by the portion. */
export const mayReadAny =
  (reader: MessageReader): FileViewer =>
  async (ctx, references) => {
    if (ctx.actor.kind !== 'user') return false;
    for (let from = 0; from < references.length; from += AT_ONCE) {
      const ids = references.slice(from, from + AT_ONCE).map(({ holder_id }) => holder_id);
      const found = (await reader.findMany(ctx, ids)).filter(({ deleted_at }) => deleted_at === null);
      if ((await readableAmong(ctx, found)).length > 0) return true;
    }
    return false;
  };

/** Messages, archived or not, and scheduled ones that wait to be sent. Of a tombstone nothing holds files any more. */
export const existingHolders =
  (reader: MessageReader): HolderExistence =>
  async (ctx, ids: ObjectId[]) => {
    const [sent, waiting] = await Promise.all([
      reader.findMany(ctx, ids),
      ctx.repository(scheduledMessages).find({ _id: { $in: ids }, state: WAITING }, { fields: ['_id'] }),
    ]);
    return [...sent.filter(({ deleted_at }) => deleted_at === null), ...waiting].map(({ _id }) => _id);
  };
