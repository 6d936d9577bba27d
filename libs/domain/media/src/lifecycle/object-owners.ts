import { ObjectId } from 'bson';
import { isObjectIdHex, type RequestContext } from '#caas/kernel';
import { files, mediaMetadata } from '../persistence';

/** `media/<tenant>/<yyyy>/<mm>/<file_id>/…` */
const KEY = /^(media\/[^/]+\/\d{4}\/\d{2}\/([0-9a-f]{24}))\/.+$/;
/** A file's own bytes are wanted until a content stands in for them. */
const WANTS_ITS_BYTES = ['uploading', 'uploaded', 'processing', 'failed'];

/** The folder of a tenant's files. */
export const folderOf = ({ tenantId }: RequestContext): string => `media/${tenantId}/`;

/** Those among the keys that belong to no content and no file. A key of another form is nobody's business here. */
export async function orphansAmong(ctx: RequestContext, keys: string[]): Promise<string[]> {
  const parsed = keys.flatMap((key) => {
    const [, prefix, id] = KEY.exec(key) ?? [];
    return prefix && isObjectIdHex(id) ? [{ key, prefix, id }] : [];
  });
  if (parsed.length === 0) return [];
  const prefixes = [...new Set(parsed.map(({ prefix }) => prefix))];
  const ids = [...new Set(parsed.map(({ id }) => id))].map((id) => new ObjectId(id));
  const waiting = await ctx
    .repository(files)
    .find({ _id: { $in: ids }, status: { $in: WANTS_ITS_BYTES } }, { fields: ['_id'], withDeleted: true });
  // Contents after files: in between a file may have got its content, never the other way round.
  const contents = await ctx
    .repository(mediaMetadata)
    .find({ object_prefix: { $in: prefixes } }, { fields: ['object_prefix'], withDeleted: true });
  const owned = new Set(contents.map(({ object_prefix }) => object_prefix));
  const wanted = new Set(waiting.map(({ _id }) => _id.toHexString()));
  return parsed.filter(({ prefix, id }) => !owned.has(prefix) && !wanted.has(id)).map(({ key }) => key);
}
