import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import type { FileProblem } from './file.schema';

export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'other'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** One object made from a content. Its key is `object_prefix` + `/` + `object`. */
export interface MediaVariant {
  /** As clients ask for it: `original`, `thumb_160`, `poster`, `720p`, `hls/index.m3u8`, … */
  name: string;
  object: string;
  content_type: string;
  size_bytes: number;
  width: number | null;
  height: number | null;
  duration_ms: number | null;
}

/** A tenant's content, identified by its hash, and its variants. Files with the same bytes share it. */
@Schema()
export class MediaMetadata extends TenantDocumentBase {
  /** SHA-256 of the uploaded bytes, in hex. */
  @Prop({ type: String, required: true })
  sha256: string;

  /** `media/<tenant>/<yyyy>/<mm>/<file_id>` of the first file with this content. */
  @Prop({ type: String, required: true })
  object_prefix: string;

  @Prop({ type: Number, required: true })
  size_bytes: number;

  /** Detected from the content. */
  @Prop({ type: String, required: true })
  content_type: string;

  @Prop({ type: String, enum: MEDIA_KINDS, required: true })
  kind: MediaKind;

  @Prop({ type: String, enum: ['processing', 'ready', 'rejected', 'failed'], required: true })
  status: 'processing' | 'ready' | 'rejected' | 'failed';

  @Prop({ type: Object, default: null })
  problem: FileProblem | null;

  /** The file whose job processes the content; other files with the same bytes wait for it. */
  @Prop({ type: Types.ObjectId, default: null })
  processed_by?: ObjectId | null;

  /** Displayed size of pictures and videos, in pixels. */
  @Prop({ type: Number, default: null })
  width: number | null;

  @Prop({ type: Number, default: null })
  height: number | null;

  @Prop({ type: Number, default: null })
  duration_ms: number | null;

  /** A blurred preview (ThumbHash) of about 25 bytes, base64. */
  @Prop({ type: String, default: null })
  thumbhash: string | null;

  /** An audio's waveform: the loudest sample of each of its equal parts, 0 to 100. */
  @Prop({ type: [Number], default: null })
  waveform: number[] | null;

  /** The page count that a readable PDF declares. */
  @Prop({ type: Number, default: null })
  page_count: number | null;

  @Prop({ type: Array, default: [] })
  variants: MediaVariant[];
}

export const mediaMetadata = tenantCollection(MediaMetadata, {
  name: 'media_metadata',
  indexes: [
    { key: { tenant_id: 1, sha256: 1 }, unique: true, serves: 'the content of these bytes; each is there once' },
    { key: { tenant_id: 1, object_prefix: 1 }, serves: 'checking that each object belongs to a content' },
  ],
});
