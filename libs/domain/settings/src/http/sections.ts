import { invalid } from '#caas/kernel';

/** For the description of the api: what can be set is known to the registry alone. */
export const SECTIONS = { type: 'object', additionalProperties: { type: 'object' } } as const;

/**
 * What can be set is known to the registry and to no DTO; it checks every field.
 * @throws CaasError `validation_failed` (400)
 */
export function changesOf(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw invalid('validation_failed', 'The body must be an object of sections.');
}
