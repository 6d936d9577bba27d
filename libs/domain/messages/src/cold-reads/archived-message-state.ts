import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext, Update } from '#caas/kernel';
import { archivedMarks, type ArchivedMark } from '../store/archived-mark.schema';
import { messages, shownRevOf, type Message } from '../store/message.schema';
import { archivedPartsOf, withParts } from './archived-parts';
import { MessageReader } from './message-reader';

type Markable = Pick<Message, 'pinned_at' | 'reply_count' | 'last_repliers'>;

/** Changes what may still change of an archived message. */
@Injectable()
export class ArchivedMessageState {
  constructor(private readonly reader: MessageReader) {}

  /** The message when it is archived, as it is now; null when it is hot or there is none. */
  async archived(ctx: RequestContext, id: ObjectId): Promise<Message | null> {
    const found = await this.reader.find(ctx, id);
    return found && archivedPartsOf(found) ? found : null;
  }

  /** Call it under the lock of the conversation's row. @returns the message as it then is */
  async change(tx: RequestContext, message: Message, fields: Partial<Markable>, rev: number): Promise<Message> {
    const changed_at = new Date();
    const { _id, conversation_id, seq, reply_count, last_repliers, pinned_at } = message;
    const marks = tx.repository(archivedMarks);
    const update: Update<ArchivedMark> = { $set: { ...fields, rev, changed_at }, $inc: { changes: 1 } };
    const { matched } = await marks.updateOne({ _id }, update);
    if (matched === 0) {
      const initial = { reply_count, last_repliers, pinned_at };
      await marks.insertOne({ _id, conversation_id, seq, ...initial, ...fields, rev, changes: 1, changed_at });
    }
    const after = {
      ...message,
      ...fields,
      rev,
      base_rev: shownRevOf(message),
      updated_at: changed_at,
      __v: message.__v + 1,
    };
    return withParts(after, archivedPartsOf(message)!);
  }
}

/** A message that a transaction changes: hot, or what of it may change in cold storage. */
export async function changeThread(
  tx: RequestContext,
  marks: ArchivedMessageState,
  message: Message,
  fields: Pick<Message, 'reply_count' | 'last_repliers' | 'rev'>,
): Promise<Message | null> {
  const { rev, ...thread } = fields;
  if (archivedPartsOf(message)) return marks.change(tx, message, thread, rev);
  const $set = { ...fields, base_rev: shownRevOf(message) };
  return tx.repository(messages).findOneAndUpdate({ _id: message._id }, { $set }, { withDeleted: true });
}
