import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** The words of one message. The row's id is the message's id. The entry may lag behind the message, so readers check the message. */
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

/** How far the words of a conversation are indexed. */
@Schema()
export class SearchCursor extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  /** The `seq` up to which every message has its entry. Absent in rows from before sends were one write. */
  @Prop({ type: Number })
  seq?: number;

  /** The entries include every change up to this `rev` of the conversation. */
  @Prop({ type: Number, required: true })
  rev: number;
}

export const searchCursors = tenantCollection(SearchCursor, {
  name: 'search_cursors',
  indexes: [{ key: { tenant_id: 1, conversation_id: 1 }, unique: true, serves: 'one cursor for a conversation' }],
});
