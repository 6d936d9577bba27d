import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/**
 * `planned` → `sealed` (the commit: from here on readers see it) → `pruned` (its messages are no longer hot). A restoration
 * makes it `restoring` (still seen, until all is hot again), then `dropped` (no longer seen; the row goes with the object); so
 * does a rewriting. `expired`: its messages are gone for good, and the row tells which.
 */
export const SEGMENT_STATES = ['planned', 'sealed', 'pruned', 'restoring', 'dropped', 'expired'] as const;
export type SegmentState = (typeof SEGMENT_STATES)[number];

/** What readers see. */
export const SEEN: SegmentState[] = ['sealed', 'pruned', 'restoring'];

/** A part of the object that can be read by itself. */
export interface BlockEntry {
  offset: number;
  bytes: number;
  content_bytes: number;
  count: number;
  first_seq: number;
  last_seq: number;
  min_rev: number;
  max_rev: number;
  /** Numbers of messages whose copy here counts no more: they changed, or were held, before they could leave. */
  superseded?: number[];
}

/** What is in one object of cold storage: messages of one conversation and one calendar month, by `seq`. */
@Schema()
export class ArchiveSegment extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  /** `yyyy-mm`, UTC. */
  @Prop({ type: String, required: true })
  month: string;

  @Prop({ type: String, enum: SEGMENT_STATES, required: true })
  state: SegmentState;

  /** Of the object. */
  @Prop({ type: String, required: true })
  key: string;

  @Prop({ type: Number, required: true })
  format: number;

  /** Of the master key that its key was made from; null when it is not encrypted. */
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

  /** Of the lines, not compressed. */
  @Prop({ type: Number, required: true })
  content_bytes: number;

  /** Hex. */
  @Prop({ type: String, required: true })
  object_sha256: string;

  @Prop({ type: String, required: true })
  content_sha256: string;

  @Prop({ type: Array, required: true })
  blocks: BlockEntry[];

  /** When the newest message in it was sent. */
  @Prop({ type: Date, required: true })
  newest_at: Date;

  /** When a scrub last found it whole. */
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
