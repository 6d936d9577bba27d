import { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import { files, mediaMetadata } from '#caas/domain/media';

type Row<C> = C extends { documentType?: infer D } ? D : never;
type StoredFile = NonNullable<Row<typeof files>>;
type MediaMetadata = NonNullable<Row<typeof mediaMetadata>>;

/** `media/<tenant>/<yyyy>/<mm>/<file_id>` */
export function prefixOf({ tenantId }: RequestContext, id: ObjectId): string {
  const [year, month] = id.getTimestamp().toISOString().split('-');
  return `media/${tenantId}/${year}/${month}/${id.toHexString()}`;
}

/** Puts a whole file into place, as an upload leaves it. */
export function storedFile(
  ctx: RequestContext,
  owner: UserReference | null,
  more: Partial<StoredFile> = {},
): Promise<StoredFile> {
  return ctx.repository(files).insertOne({
    _id: new ObjectId(),
    owner,
    name: 'picture.png',
    declared_type: 'image/png',
    size_bytes: 10,
    status: 'uploaded',
    problem: null,
    media_id: null,
    reference_count: 0,
    unreferenced_at: new Date(),
    upload_expires_at: null,
    upload: null,
    ...more,
  });
}

/** Gives files the content that processing makes of them, and makes them ready. The objects are the first file's. */
export async function makeReady(
  ctx: RequestContext,
  ids: ObjectId[],
  more: Partial<MediaMetadata> = {},
): Promise<MediaMetadata> {
  const content = await ctx.repository(mediaMetadata).insertOne({
    sha256: new ObjectId().toHexString(),
    object_prefix: prefixOf(ctx, ids[0]!),
    size_bytes: 10,
    content_type: 'image/png',
    kind: 'image',
    status: 'ready',
    problem: null,
    width: 4,
    height: 3,
    duration_ms: null,
    thumbhash: 'aGFzaA==',
    waveform: null,
    page_count: null,
    variants: [
      {
        name: 'original',
        object: 'original',
        content_type: 'image/png',
        size_bytes: 10,
        width: 4,
        height: 3,
        duration_ms: null,
      },
    ],
    ...more,
  });
  await ctx.repository(files).updateMany({ _id: { $in: ids } }, { $set: { status: 'ready', media_id: content._id } });
  return content;
}
