import type { ObjectId } from 'bson';
import type { Filter, FindOptions, RequestContext } from '#caas/kernel';
import type { Message } from '../store/message.schema';
import type { KindRow, KindRows } from './message-kind';
import { MESSAGE_KINDS } from './message-kinds';

type Typed = Pick<Message, '_id' | 'type'>;

/** Reads the rows of messages, with one query for each kind that has rows. */
export async function rowsOf(
  ctx: RequestContext,
  messages: Typed[],
  only: Filter<KindRow> = {},
  options: FindOptions<KindRow> = {},
): Promise<KindRow[]> {
  const found: KindRow[] = [];
  for (const [{ collection }, message_id] of idsByRows(messages)) {
    found.push(...(await ctx.repository(collection).find({ ...only, message_id }, options)));
  }
  return found;
}

/** Deletes all rows of these messages. */
export async function deleteRowsOf(tx: RequestContext, messages: Typed[]): Promise<void> {
  for (const [{ collection }, message_id] of idsByRows(messages)) {
    await tx.repository(collection).deleteMany({ message_id });
  }
}

/** Puts rows back as they were. */
export async function insertRowsOf(tx: RequestContext, archived: { message: Typed; rows: KindRow[] }[]): Promise<void> {
  for (const { type, rows } of MESSAGE_KINDS) {
    const own = archived.filter(({ message }) => message.type === type);
    if (rows) await tx.repository(rows.collection).insertWhole(own.flatMap((each) => each.rows));
  }
}

function idsByRows(messages: Typed[]): [KindRows, { $in: ObjectId[] }][] {
  return MESSAGE_KINDS.flatMap(({ type, rows }) => {
    const ids = messages.filter((message) => message.type === type).map(({ _id }) => _id);
    return rows && ids.length > 0 ? [[rows, { $in: ids }] as [KindRows, { $in: ObjectId[] }]] : [];
  });
}
