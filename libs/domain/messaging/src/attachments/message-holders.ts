import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import type { FileReference } from '#caas/domain/media';
import { readableAmong } from '../conversations/entries';
import { messages } from '../persistence/message.schema';
import { scheduledMessages } from '../persistence/scheduled-message.schema';

const AT_ONCE = 200;
const WAITING = { $in: ['pending', 'sending'] };

/** May the actor read one of the messages that hold a file? One that was passed on very often is looked for by the portion. */
export async function mayReadAny(ctx: RequestContext, references: FileReference[]): Promise<boolean> {
  if (ctx.actor.kind !== 'user') return false;
  for (let from = 0; from < references.length; from += AT_ONCE) {
    const ids = references.slice(from, from + AT_ONCE).map(({ holder_id }) => holder_id);
    const found = await ctx
      .repository(messages)
      .find({ _id: { $in: ids } }, { fields: ['conversation_id', 'seq'], limit: AT_ONCE });
    if ((await readableAmong(ctx, found)).length > 0) return true;
  }
  return false;
}

/** Messages, and scheduled ones that wait to be sent. Of a tombstone nothing holds files any more. */
export async function existingHolders(ctx: RequestContext, ids: ObjectId[]): Promise<ObjectId[]> {
  const among = { _id: { $in: ids } };
  const found = await Promise.all([
    ctx.repository(messages).find(among, { fields: ['_id'] }),
    ctx.repository(scheduledMessages).find({ ...among, state: WAITING }, { fields: ['_id'] }),
  ]);
  return found.flat().map(({ _id }) => _id);
}
