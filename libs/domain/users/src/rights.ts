import { forbidden, isExternalId, invalid, type RequestContext } from '#caas/kernel';

/**
 * Resolves the external id in a path; `me` is the actor.
 * @throws CaasError `acting_user_required` (400) for `me` without a user, `invalid_external_id` (400)
 */
export function resolveExternalId(ctx: RequestContext, pathId: string): string {
  if (pathId === 'me') return ctx.user.user_external_id;
  if (isExternalId(pathId)) return pathId;
  const message = 'must be 1 to 128 of A-Z a-z 0-9 . _ @ : + -';
  throw invalid('invalid_external_id', `The external id of a user ${message}.`, [{ field: 'external_id', message }]);
}

/** Users change themselves; the tenant's server, and CaaS' own jobs, change anyone. */
export function requireSelfOrServer(ctx: RequestContext, externalId: string): void {
  if (ctx.actor.kind === 'user' && ctx.actor.user.user_external_id === externalId) return;
  requireServerOrSystem(ctx);
}

export function requireServerOrSystem(ctx: RequestContext): void {
  if (ctx.isServer || ctx.actor.kind === 'system') return;
  throw forbidden('server_key_required', "Only the tenant's server key may do this.");
}
