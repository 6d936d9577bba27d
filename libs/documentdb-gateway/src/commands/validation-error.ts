import { optionsOf } from './catalog';
import type { Command } from './command';

type Fields = Record<string, unknown>;

/**
 * What MongoDB tells of a document that a collection's validator refuses: which document, and the operator that refused it. The
 * engine does not say which rules were not met, so `details` names no more.
 * @param id the document's `_id`; undefined where it is not known
 * @see https://www.mongodb.com/docs/manual/core/schema-validation/handle-invalid-documents/
 */
export async function describeInvalid(command: Command, id: unknown): Promise<{ errInfo: Fields }> {
  const options = await command.runAlone((session) => optionsOf(session, command.db, command.target));
  const validator = (options?.validator ?? {}) as Fields;
  const details = detailsOf(validator);
  return { errInfo: { ...(id === undefined ? {} : { failingDocumentId: id }), ...(details ? { details } : {}) } };
}

function detailsOf(validator: Fields): Fields | null {
  const [first, ...others] = Object.entries(validator);
  if (!first) return null;
  const [name, condition] = first;
  if (others.length > 0) return { operatorName: '$and' };
  if (name.startsWith('$')) return { operatorName: name };
  const [operator] = typeof condition === 'object' && condition !== null ? Object.keys(condition) : [];
  return { operatorName: operator?.startsWith('$') ? operator : '$eq', specifiedAs: { [name]: condition } };
}
