import { forbidden, type RequestContext } from '#caas/kernel';
import type { Post } from './post.schema';

export const isAuthor = ({ actor }: RequestContext, { author }: Post): boolean =>
  actor.kind === 'user' && actor.user.user_id.equals(author.user_id);

/** The tenant's server acting as no user may moderate; while it acts as a user, it has only that user's rights. */
export const isTenantItself = ({ actor }: RequestContext): boolean => actor.kind === 'server';

/** @throws CaasError `author_required` (403) */
export function requireAuthorOrTenant(ctx: RequestContext, post: Post): void {
  if (isAuthor(ctx, post) || isTenantItself(ctx)) return;
  throw forbidden('author_required', "Only its author, or the tenant's server, may do this.");
}
