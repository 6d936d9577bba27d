import { ObjectId } from 'bson';
import { isObjectIdHex, type RequestContext } from '#caas/kernel';
import { files, mediaMetadata } from '../persistence';

/** `media/<tenant>/<yyyy>/<mm>/<file_id>/…` */
const KEY = /^(media\/[^/]+\/\d{4}\/\d{2}\/([0-9a-f]{24}))\/(.+)$/;
/** In these states the uploaded bytes are still needed, because no content replaces them yet. */
const WANTS_ITS_BYTES = ['uploading', 'uploaded', 'processing', 'failed'];

/** The folder of a tenant's files. */
export const folderOf = ({ tenantId }: RequestContext): string => `media/${tenantId}/`;

/**
 * Keys of objects that no content contains and no unprocessed file needs. Includes the uploaded bytes of processed files. Keys of
 * another form are ignored.
 */
export async function orphansAmong(ctx: RequestContext, keys: string[]): Promise<string[]> {
  const parsed = keys.flatMap((key) => {
    const [, prefix, id, object] = KEY.exec(key) ?? [];
    return prefix && isObjectIdHex(id) ? [{ key, prefix, id, object }] : [];
  });
  if (parsed.length === 0) return [];
  const prefixes = [...new Set(parsed.map(({ prefix }) => prefix))];
  const ids = [...new Set(parsed.map(({ id }) => id))].map((id) => new ObjectId(id));
  const waiting = await ctx
    .repository(files)
    .find({ _id: { $in: ids }, status: { $in: WANTS_ITS_BYTES } }, { fields: ['_id'], withDeleted: true });
  // Read contents after files: in between, a file may be assigned a content, but never lose one.
  const contents = await ctx
    .repository(mediaMetadata)
    .find({ object_prefix: { $in: prefixes } }, { fields: ['object_prefix', 'status', 'variants'], withDeleted: true });
  const byPrefix = new Map(contents.map((content) => [content.object_prefix, content]));
  const wanted = new Set(waiting.map(({ _id }) => _id.toHexString()));
  const isOrphan = ({ prefix, id, object }: (typeof parsed)[number]) => {
    const content = byPrefix.get(prefix);
    if (wanted.has(id) || content?.status === 'processing') return false;
    return !content?.variants.some((variant) => variant.object === object);
  };
  return parsed.filter(isOrphan).map(({ key }) => key);
}
