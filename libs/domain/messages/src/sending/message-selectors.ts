import { invalid, parseObjectId, parsePageRequest, type PageRequest } from '#caas/kernel';
import type { MessageSelection, MessageSelector } from './messages.service';

export const SELECTORS = ['after_seq', 'before_seq', 'around_seq'] as const;
/** They choose messages, and can be combined with selectors and cursors. */
export const SELECTIONS = ['thread_root_id', 'pinned'] as const;

export interface MessagePageQuery {
  request: PageRequest;
  selector: MessageSelector;
  selection: MessageSelection;
}

/**
 * Reads where a page of messages begins: a cursor, or one of the selectors, never both. `after_seq` implies forward.
 * @throws CaasError `invalid_selector`, `invalid_id` and those of paging (400)
 */
export function readMessagePage(query: Record<string, string>): MessagePageQuery {
  const given = SELECTORS.filter((name) => query[name] !== undefined);
  if (given.length > 1 || (given.length === 1 && query.cursor !== undefined)) {
    throw refused(given[0]!, 'goes with neither another selector nor a cursor');
  }
  const [name] = given;
  const direction = query.direction ?? (name === 'after_seq' ? 'forward' : undefined);
  if (name === 'after_seq' && direction !== 'forward') throw refused(name, 'goes forward');
  if (name === 'before_seq' && direction === 'forward') throw refused(name, 'goes backward');
  const request = parsePageRequest({ cursor: query.cursor, limit: query.limit, direction });
  const selector = name === undefined ? {} : { [name]: readSeq(name, query[name]!) };
  return { request, selector, selection: readSelection(query) };
}

function readSelection({ thread_root_id, pinned }: Record<string, string>): MessageSelection {
  if (pinned !== undefined && pinned !== 'true') throw refused('pinned', 'is "true", or left out');
  return {
    ...(thread_root_id === undefined ? {} : { thread_root_id: parseObjectId(thread_root_id, 'thread_root_id') }),
    ...(pinned === undefined ? {} : { pinned: true }),
  };
}

function readSeq(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw refused(name, 'must be a whole number of 0 or more');
}

const refused = (field: string, message: string) =>
  invalid('invalid_selector', `The parameter ${field} ${message}.`, [{ field, message }]);
