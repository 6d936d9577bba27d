import { Prop, raw, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { userReferenceShape } from '#caas/domain/users';
import type { MultipartState } from '#caas/platform/storage';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const FILE_STATUSES = ['uploading', 'uploaded', 'processing', 'ready', 'rejected', 'failed'] as const;
export type FileStatus = (typeof FILE_STATUSES)[number];

/** Why a file was rejected or failed: a stable word, and a sentence for people. */
export interface FileProblem {
  code: string;
  detail: string;
}

/** What an unfinished upload needs to go on, in whichever process. */
export interface UploadState {
  /** The header `Upload-Metadata` as it came, which a client may ask for again. */
  metadata: string | null;
  /** What the storage must be told again. */
  growth: MultipartState;
}

/** One upload: whose it is and what became of it. What its content is stands in `media_metadata`. */
@Schema()
export class StoredFile extends TenantDocumentBase {
  /** Null when the tenant's server uploaded it as nobody in particular. */
  @Prop({ type: raw({ ...userReferenceShape, _id: false }), default: null })
  owner: UserReference | null;

  /** As the client calls it; shown, and never used as a path. */
  @Prop({ type: String, required: true })
  name: string;

  /** What the client says it is. A claim, and no more. */
  @Prop({ type: String, default: null })
  declared_type: string | null;

  @Prop({ type: Number, required: true })
  size_bytes: number;

  @Prop({ type: String, enum: FILE_STATUSES, required: true })
  status: FileStatus;

  @Prop({ type: Object, default: null })
  problem: FileProblem | null;

  /** Its content; null until the worker has read it. */
  @Prop({ type: Types.ObjectId, default: null })
  media_id: ObjectId | null;

  /** How many messages, posts and users hold it: the number of its `file_references`. */
  @Prop({ type: Number, default: 0 })
  reference_count: number;

  /** Since when nobody holds it; null while somebody does, and during its upload. */
  @Prop({ type: Date, default: null })
  unreferenced_at: Date | null;

  /** Until when an unfinished upload waits for its next bytes; null once it is whole. */
  @Prop({ type: Date, default: null })
  upload_expires_at: Date | null;

  /** How often a worker took it up. What it writes of the file, it writes for its own attempt alone. */
  @Prop({ type: Number, default: 0 })
  attempts?: number;

  /** How many of them ended without a word: a file that brings workers down is given up. */
  @Prop({ type: Number, default: 0 })
  strikes?: number;

  /** Until when the worker that has it is believed to be alive; null while none has it. */
  @Prop({ type: Date, default: null })
  leased_until?: Date | null;

  /** Null for uploads in one request, and once it is whole. */
  @Prop({ type: Object, default: null })
  upload: UploadState | null;
}

/* The conditions of the partial indexes: a query names them, or the engine cannot use the index. */
export const IS_UNREFERENCED = { unreferenced_at: { $type: 'date' } };
export const IS_UPLOADING = { upload_expires_at: { $type: 'date' } };
export const IS_DELETED = { deleted_at: { $type: 'date' } };

export const files = tenantCollection(StoredFile, {
  name: 'files',
  indexes: [
    { key: { tenant_id: 1, 'owner.user_id': 1, _id: 1 }, serves: 'the files of a user; refreshing names' },
    { key: { tenant_id: 1, media_id: 1 }, serves: 'the files of one content' },
    { key: { tenant_id: 1, unreferenced_at: 1 }, partial: IS_UNREFERENCED, serves: 'collecting what nobody holds' },
    { key: { tenant_id: 1, upload_expires_at: 1 }, partial: IS_UPLOADING, serves: 'ending uploads that were given up' },
    { key: { tenant_id: 1, deleted_at: 1 }, partial: IS_DELETED, serves: 'removing what its owner has deleted' },
  ],
});
