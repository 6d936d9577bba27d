import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { StoredMessages, type FoldedMessage } from '#caas/domain/conversations';
import { KIND_TYPES, type KindType } from '../store/kind-contents';
import { messages, type Message } from '../store/message.schema';
import { previewOf } from './preview';

type Folded = Pick<Message, '_id' | 'seq' | 'sender' | 'type' | 'text' | KindType | 'created_at'>;
const FIELDS = ['seq', 'sender', 'type', 'text', ...KIND_TYPES, 'created_at'] as const;

export const foldedMessageOf = (message: Folded): FoldedMessage => {
  const { _id, seq, sender, type, created_at } = message;
  return { _id, seq, sender, type, preview: previewOf(message), created_at };
};

/** Gives conversations the messages that they fold. */
@Injectable()
export class StoredMessagesReader extends StoredMessages {
  override async after(ctx: RequestContext, conversation_id: ObjectId, seq: number, limit: number) {
    const options = { sort: { seq: 1 as const }, limit, withDeleted: true, fields: [...FIELDS] };
    const found = await ctx.repository(messages).find({ conversation_id, seq: { $gt: seq } }, options);
    return found.map(foldedMessageOf);
  }
}
