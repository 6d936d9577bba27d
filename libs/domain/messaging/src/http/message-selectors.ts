import { invalid, parsePageRequest, type PageRequest } from '#caas/kernel';
import type { MessageSelector } from '../messages/messages.service';

export const SELECTORS = ['after_seq', 'before_seq', 'around_seq'] as const;

/**
 * Reads where a page of messages begins: a cursor, or one of the selectors, never both. `after_seq` implies forward.
 * @throws CaasError `invalid_selector` and those of paging (400)
 */
export function readMessagePage(query: Record<string, string>): { request: PageRequest; selector: MessageSelector } {
  const given = SELECTORS.filter((name) => query[name] !== undefined);
  if (given.length > 1 || (given.length === 1 && query.cursor !== undefined)) {
    throw refused(given[0]!, 'goes with neither another selector nor a cursor');
  }
  const [name] = given;
  const direction = query.direction ?? (name === 'after_seq' ? 'forward' : undefined);
  if (name === 'after_seq' && direction !== 'forward') throw refused(name, 'goes forward');
  if (name === 'before_seq' && direction === 'forward') throw refused(name, 'goes backward');
  const request = parsePageRequest({ cursor: query.cursor, limit: query.limit, direction });
  return { request, selector: name === undefined ? {} : { [name]: readSeq(name, query[name]!) } };
}

function readSeq(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw refused(name, 'must be a whole number of 0 or more');
}

const refused = (field: string, message: string) =>
  invalid('invalid_selector', `The parameter ${field} ${message}.`, [{ field, message }]);
