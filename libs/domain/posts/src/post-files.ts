import type { ObjectId } from 'bson';
import { conflict, invalid, type RequestContext } from '#caas/kernel';
import { attachmentOf, type Attachment } from '#caas/domain/media';
import { files, mediaMetadata, type MediaMetadata, type StoredFile } from '#caas/domain/media';
import type { PostKind } from './post-kinds';
import type { Post } from './post.schema';

const ON_THEIR_WAY = ['uploading', 'uploaded', 'processing'];

/**
 * May the actor post these files? Inside the transaction that claims them.
 * @throws CaasError `invalid_file` (400) for one that is not theirs; and for a reel `file_not_ready` (409), `not_a_video` (400)
 */
export async function requireUsable(tx: RequestContext, kind: PostKind, ids: ObjectId[]): Promise<void> {
  if (ids.length === 0) return;
  const own = await tx.repository(files).find({ _id: { $in: ids }, 'owner.user_id': tx.user.user_id });
  const missing = ids.find((id) => !own.some(({ _id }) => _id.equals(id)));
  if (missing) {
    throw invalid('invalid_file', `The file ${missing.toHexString()} is not one of yours.`, [
      { field: 'file_ids', message: `names a file that is not yours: ${missing.toHexString()}` },
    ]);
  }
  if (kind !== 'reel') return;
  for (const file of own) await requireReadyVideo(tx, file);
}

async function requireReadyVideo(tx: RequestContext, { _id, status, media_id }: StoredFile): Promise<void> {
  if (ON_THEIR_WAY.includes(status)) {
    throw conflict(
      'file_not_ready',
      `The file ${_id.toHexString()} is still being processed. Post the reel once it is ready.`,
    );
  }
  const media = status === 'ready' && media_id ? await tx.repository(mediaMetadata).findById(media_id) : null;
  if (media?.kind === 'video') return;
  throw invalid('not_a_video', 'A reel is exactly one video.', [{ field: 'file_ids', message: 'must name a video' }]);
}

/** The files of posts as they are now, by post: two reads for a whole page. What is gone is left out. */
export async function attachmentsOf(ctx: RequestContext, shown: Post[]): Promise<(post: Post) => Attachment[]> {
  const ids = shown.flatMap(({ file_ids }) => file_ids);
  if (ids.length === 0) return () => [];
  const found = byId<StoredFile>(await ctx.repository(files).find({ _id: { $in: ids } }));
  const contents = [...found.values()].flatMap(({ media_id }) => (media_id ? [media_id] : []));
  const media = byId<MediaMetadata>(
    contents.length > 0 ? await ctx.repository(mediaMetadata).find({ _id: { $in: contents } }) : [],
  );
  return ({ file_ids }) =>
    file_ids.flatMap((id) => {
      const file = found.get(id.toHexString());
      return file ? [attachmentOf(file, (file.media_id && media.get(file.media_id.toHexString())) ?? null)] : [];
    });
}

const byId = <D extends { _id: ObjectId }>(rows: D[]): Map<string, D> =>
  new Map(rows.map((row) => [row._id.toHexString(), row]));
