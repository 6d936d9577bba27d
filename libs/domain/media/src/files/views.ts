import { versioned } from '#caas/kernel';
import type { MediaMetadata, StoredFile } from '../persistence';

/** A file as clients see it, with the metadata of its content. Also the data of `file.updated`. */
export function viewOfFile(file: StoredFile, media: MediaMetadata | null, progress: number | null = null) {
  const view = {
    id: file._id.toHexString(),
    owner: file.owner && {
      user_id: file.owner.user_id.toHexString(),
      user_external_id: file.owner.user_external_id,
      user_display_name: file.owner.user_display_name,
    },
    name: file.name,
    status: file.status,
    problem: file.problem && { ...file.problem },
    progress: file.status === 'processing' ? (progress ?? 0) : null,
    size_bytes: file.size_bytes,
    ...contentOf(media),
    created_at: file.created_at.toISOString(),
    updated_at: file.updated_at.toISOString(),
  };
  return versioned(view, file.__v);
}

/**
 * The copy of a file that messages and posts store, so that it can be shown without another request. Updated when the file is
 * processed.
 */
export function attachmentOf(file: StoredFile, media: MediaMetadata | null) {
  const { name, status, size_bytes } = file;
  return { file_id: file._id.toHexString(), name, status, size_bytes, ...contentOf(media) };
}

type AttachmentOfFile = ReturnType<typeof attachmentOf>;
export type Attachment = Omit<AttachmentOfFile, 'status'> & { status: AttachmentOfFile['status'] | 'deleted' };

/** The copy of a file whose owner deleted it: its description, but nothing that shows its content. */
export const deletedAttachmentOf = (attachment: Attachment): Attachment => ({
  ...attachment,
  status: 'deleted',
  thumbhash: null,
  waveform: null,
  variants: [],
});

function contentOf(media: MediaMetadata | null) {
  return {
    kind: media?.kind ?? null,
    content_type: media?.content_type ?? null,
    width: media?.width ?? null,
    height: media?.height ?? null,
    duration_ms: media?.duration_ms ?? null,
    thumbhash: media?.thumbhash ?? null,
    waveform: media?.waveform ?? null,
    page_count: media?.page_count ?? null,
    variants: (media?.variants ?? []).map(({ object: _, ...shown }) => shown),
  };
}
