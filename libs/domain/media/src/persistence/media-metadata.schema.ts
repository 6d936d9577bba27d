import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import type { FileProblem } from './file.schema';

export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'other'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** One thing made of a content. Its object's key is `object_prefix` + `/` + `object`. */
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

/** One content of a tenant, by its hash, and what was made of it. Files with the same bytes share it. */
@Schema()
export class MediaMetadata extends TenantDocumentBase {
  /** Of the uploaded bytes, in hex. */
  @Prop({ type: String, required: true })
  sha256: string;

  /** `media/<tenant>/<yyyy>/<mm>/<file_id>` of the first file that brought it. */
  @Prop({ type: String, required: true })
  object_prefix: string;

  @Prop({ type: Number, required: true })
  size_bytes: number;

  /** Read from the content. */
  @Prop({ type: String, required: true })
  content_type: string;

  @Prop({ type: String, enum: MEDIA_KINDS, required: true })
  kind: MediaKind;

  @Prop({ type: String, enum: ['processing', 'ready', 'rejected', 'failed'], required: true })
  status: 'processing' | 'ready' | 'rejected' | 'failed';

  @Prop({ type: Object, default: null })
  problem: FileProblem | null;

  /** The file whose job makes it, while it is processed: others with the same bytes wait for that one. */
  @Prop({ type: Types.ObjectId, default: null })
  processed_by?: ObjectId | null;

  /** Of pictures and videos as they are shown, in pixels. */
  @Prop({ type: Number, default: null })
  width: number | null;

  @Prop({ type: Number, default: null })
  height: number | null;

  @Prop({ type: Number, default: null })
  duration_ms: number | null;

  /** A blurred preview of some 25 bytes, base64. */
  @Prop({ type: String, default: null })
  thumbhash: string | null;

  /** Loudest sample of each of equal parts of an audio, 0 to 100. */
  @Prop({ type: [Number], default: null })
  waveform: number[] | null;

  /** Of a PDF that can be opened, as it says. */
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
