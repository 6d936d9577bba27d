import type { RequestContext } from '#caas/kernel';
import type { StoredFile } from './file.schema';

/** The tenant's server owns all files; when it acts as a user, it owns that user's. */
export function isOwner({ actor }: RequestContext, { owner }: Pick<StoredFile, 'owner'>): boolean {
  if (actor.kind === 'server') return true;
  return actor.kind === 'user' && owner !== null && owner.user_id.equals(actor.user.user_id);
}
