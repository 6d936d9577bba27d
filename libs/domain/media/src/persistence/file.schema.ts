import { Prop, raw, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { userReferenceShape } from '#caas/domain/users';
import type { MultipartState } from '#caas/platform/storage';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const FILE_STATUSES = ['uploading', 'uploaded', 'processing', 'ready', 'rejected', 'failed'] as const;
export type FileStatus = (typeof FILE_STATUSES)[number];

/** Why a file was rejected or failed: a stable code, and a sentence for people. */
export interface FileProblem {
  code: string;
  detail: string;
}

/** What any process needs to continue an unfinished upload. */
export interface UploadState {
  /** The header `Upload-Metadata` as received; tus clients may request it. */
  metadata: string | null;
  /** The state that the storage needs to continue the multipart upload. */
  growth: MultipartState;
}

/** One upload: its owner and its state. Its content is described in `media_metadata`. */
@Schema()
export class StoredFile extends TenantDocumentBase {
  /** Null when the tenant's server uploaded it without an owner. */
  @Prop({ type: raw({ ...userReferenceShape, _id: false }), default: null })
  owner: UserReference | null;

  /** The client's name for it; only displayed, never used as a path. */
  @Prop({ type: String, required: true })
  name: string;

  /** The type the client declares. Not trusted. */
  @Prop({ type: String, default: null })
  declared_type: string | null;

  @Prop({ type: Number, required: true })
  size_bytes: number;

  @Prop({ type: String, enum: FILE_STATUSES, required: true })
  status: FileStatus;

  @Prop({ type: Object, default: null })
  problem: FileProblem | null;

  /** The content; null until the worker has read it. */
  @Prop({ type: Types.ObjectId, default: null })
  media_id: ObjectId | null;

  /** How many messages, posts and users hold it: the number of its `file_references`. */
  @Prop({ type: Number, default: 0 })
  reference_count: number;

  /** Since when nothing uses it; null while something does, and during its upload. */
  @Prop({ type: Date, default: null })
  unreferenced_at: Date | null;

  /** When an unfinished upload expires unless more bytes come; null once it is complete. */
  @Prop({ type: Date, default: null })
  upload_expires_at: Date | null;

  /** How many attempts workers have started. A worker writes to the file only while this equals its own attempt. */
  @Prop({ type: Number, default: 0 })
  attempts?: number;

  /** How many attempts ended without a result, as when the worker crashed. After too many, the file fails. */
  @Prop({ type: Number, default: 0 })
  strikes?: number;

  /** When the lease of the worker that processes it expires; null while none does. */
  @Prop({ type: Date, default: null })
  leased_until?: Date | null;

  /** Null for uploads in one request, and once the upload is complete. */
  @Prop({ type: Object, default: null })
  upload: UploadState | null;
}

/* Conditions of the partial indexes: a query must include the condition, or the engine cannot use the index. */
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
