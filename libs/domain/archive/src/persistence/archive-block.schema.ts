import { Prop, Schema } from '@nestjs/mongoose';
import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

const ANY_ID = { $gt: new BsonObjectId('000000000000000000000000') };
/** Rows without any are not in the indexes; a query names the condition. */
export const HAS_THREADS = { thread_roots: ANY_ID };
export const NAMES_SOMEBODY = { mentions: ANY_ID };

/** Where messages lie: what one block of a segment holds. It is written with the plan, and is the frozen list of it. */
@Schema()
export class ArchiveBlock extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  segment_id: ObjectId;

  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  /** The place among the segment's blocks, from 0. */
  @Prop({ type: Number, required: true })
  number: number;

  @Prop({ type: [Types.ObjectId], required: true })
  ids: ObjectId[];

  /** `__v` of each, in the same order. */
  @Prop({ type: [Number], required: true })
  versions: number[];

  @Prop({ type: Types.ObjectId, required: true })
  min_id: ObjectId;

  @Prop({ type: Types.ObjectId, required: true })
  max_id: ObjectId;

  /** Of threads that messages here are replies in. */
  @Prop({ type: [Types.ObjectId], default: [] })
  thread_roots: ObjectId[];

  /** By root. */
  @Prop({ type: Object, default: {} })
  thread_seqs: Record<string, number[]>;

  /** Users that messages here mention. */
  @Prop({ type: [Types.ObjectId], default: [] })
  mentions: ObjectId[];

  /** By user. */
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
