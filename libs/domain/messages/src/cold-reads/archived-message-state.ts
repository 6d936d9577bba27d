import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext, Update } from '#caas/kernel';
import { archivedMarks, type ArchivedMark } from '../store/archived-mark.schema';
import { messages, shownRevOf, type Message } from '../store/message.schema';
import { archivedPartsOf, withParts } from './archived-parts';
import { MessageReader } from './message-reader';

type Markable = Pick<Message, 'pinned_at' | 'reply_count' | 'last_repliers'>;

/** Changes the fields of an archived message that may still change: its thread and its pin. */
@Injectable()
export class ArchivedMessageState {
  constructor(private readonly reader: MessageReader) {}

  /** The current message if it is archived; null when it is hot or does not exist. */
  async archived(ctx: RequestContext, id: ObjectId): Promise<Message | null> {
    const found = await this.reader.find(ctx, id);
    return found && archivedPartsOf(found) ? found : null;
  }

  /** Call it under the lock of the conversation's row. @returns the changed message */
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

/** Changes a message in a transaction, hot or archived. An archived message can change only the fields in its hot side row. */
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
