import { Prop, Schema } from '@nestjs/mongoose';
import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

const ANY_ID = { $gt: new BsonObjectId('000000000000000000000000') };
/** Conditions of the partial indexes: rows without any are not indexed, so a query must include the condition. */
export const HAS_THREADS = { thread_roots: ANY_ID };
export const NAMES_SOMEBODY = { mentions: ANY_ID };

/** Which messages one block of a segment contains. Written with the plan; it is the frozen list of the block's messages. */
@Schema()
export class ArchiveBlock extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  segment_id: ObjectId;

  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  /** Index of the block within the segment, from 0. */
  @Prop({ type: Number, required: true })
  number: number;

  @Prop({ type: [Types.ObjectId], required: true })
  ids: ObjectId[];

  /** `__v` of each message, in the same order. */
  @Prop({ type: [Number], required: true })
  versions: number[];

  @Prop({ type: Types.ObjectId, required: true })
  min_id: ObjectId;

  @Prop({ type: Types.ObjectId, required: true })
  max_id: ObjectId;

  /** Root messages of the threads that messages here reply in. */
  @Prop({ type: [Types.ObjectId], default: [] })
  thread_roots: ObjectId[];

  /** Numbers of the replies, by root. */
  @Prop({ type: Object, default: {} })
  thread_seqs: Record<string, number[]>;

  /** Users that messages here mention. */
  @Prop({ type: [Types.ObjectId], default: [] })
  mentions: ObjectId[];

  /** Numbers of the mentioning messages, by user. */
  @Prop({ type: Object, default: {} })
  mention_seqs: Record<string, number[]>;
}

export const archiveBlocks = tenantCollection(ArchiveBlock, {
  name: 'archive_blocks',
  indexes: [
    { key: { tenant_id: 1, ids: 1 }, serves: 'a message by its id' },
    { key: { tenant_id: 1, segment_id: 1, number: 1 }, unique: true, serves: 'the frozen list of a segment' },
    {
      key: { tenant_id: 1, conversation_id: 1, thread_roots: 1 },
      partial: HAS_THREADS,
      serves: 'a page of a thread',
    },
    { key: { tenant_id: 1, mentions: 1, max_id: 1 }, partial: NAMES_SOMEBODY, serves: "a page of a user's mentions" },
  ],
});
