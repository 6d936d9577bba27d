import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/**
 * `planned` → `sealed` (the commit: visible to readers from here on) → `pruned` (its messages are no longer hot). A restore sets
 * `restoring` (still visible, until all messages are hot), then `dropped` (hidden; the row is deleted with the object). A rewrite also
 * ends in `dropped`. `expired`: its messages are gone for good, and the row records which.
 */
export const SEGMENT_STATES = ['planned', 'sealed', 'pruned', 'restoring', 'dropped', 'expired'] as const;
export type SegmentState = (typeof SEGMENT_STATES)[number];

/** The states that are visible to readers. */
export const SEEN: SegmentState[] = ['sealed', 'pruned', 'restoring'];

/** A part of the object that can be read separately. */
export interface BlockEntry {
  offset: number;
  bytes: number;
  content_bytes: number;
  count: number;
  first_seq: number;
  last_seq: number;
  min_rev: number;
  max_rev: number;
  /** Numbers of messages whose copy here is not used: they stayed hot because they changed or were held before pruning. */
  superseded?: number[];
}

/** One object of cold storage: messages of one conversation and one calendar month, in the order of `seq`. */
@Schema()
export class ArchiveSegment extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  /** `yyyy-mm`, UTC. */
  @Prop({ type: String, required: true })
  month: string;

  @Prop({ type: String, enum: SEGMENT_STATES, required: true })
  state: SegmentState;

  /** The object's key. */
  @Prop({ type: String, required: true })
  key: string;

  @Prop({ type: Number, required: true })
  format: number;

  /** The master key that its encryption key was derived from; null when it is not encrypted. */
  @Prop({ type: String, default: null })
  key_id: string | null;

  @Prop({ type: Number, required: true })
  count: number;

  @Prop({ type: Number, required: true })
  first_seq: number;

  @Prop({ type: Number, required: true })
  last_seq: number;

  @Prop({ type: Number, required: true })
  bytes: number;

  /** Size of the uncompressed lines. */
  @Prop({ type: Number, required: true })
  content_bytes: number;

  /** In hex. */
  @Prop({ type: String, required: true })
  object_sha256: string;

  @Prop({ type: String, required: true })
  content_sha256: string;

  @Prop({ type: Array, required: true })
  blocks: BlockEntry[];

  /** When its newest message was sent. */
  @Prop({ type: Date, required: true })
  newest_at: Date;

  /** When a scrub last found it intact. */
  @Prop({ type: Date, default: null })
  verified_at: Date | null;
}

export const archiveSegments = tenantCollection(ArchiveSegment, {
  name: 'archive_segments',
  indexes: [
    { key: { tenant_id: 1, conversation_id: 1, state: 1 }, serves: 'the manifest of a conversation' },
    { key: { tenant_id: 1, state: 1, _id: 1 }, serves: 'visiting all of a tenant; whether there are any' },
  ],
});
