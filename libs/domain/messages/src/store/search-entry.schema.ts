import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** The words of one message, whose id is this row's. It follows the message a moment later; the message has the last word. */
@Schema()
export class SearchEntry extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  @Prop({ type: [String], required: true })
  terms: string[];
}

export const searchEntries = tenantCollection(SearchEntry, {
  name: 'message_search',
  indexes: [
    { key: { tenant_id: 1, terms: 1, _id: 1 }, serves: 'messages with a word, newest first' },
    { key: { tenant_id: 1, conversation_id: 1, terms: 1, _id: 1 }, serves: 'the same in one conversation' },
  ],
});

/** How far the words of a conversation have been taken down. */
@Schema()
export class SearchCursor extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  /** The `seq` up to which every message has its entry. Absent in rows from before sends were one write. */
  @Prop({ type: Number })
  seq?: number;

  /** The conversation's `rev` up to which every change of a message is in its entry. */
  @Prop({ type: Number, required: true })
  rev: number;
}

export const searchCursors = tenantCollection(SearchCursor, {
  name: 'search_cursors',
  indexes: [{ key: { tenant_id: 1, conversation_id: 1 }, unique: true, serves: 'one cursor for a conversation' }],
});
