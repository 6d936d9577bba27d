import { invalid } from './errors';
import { isObjectIdHex } from './ids';

/** `backward` goes to older entries, `forward` to newer ones. */
export type Direction = 'forward' | 'backward';

export interface PageRequest {
  /** The last entry of the previous page: its id, or its place where the order can change; null for the first page. */
  cursor: string | null;
  /** 1 to 100. */
  limit: number;
  direction: Direction;
}

/** The answer of every list. `next_cursor` is null exactly when `has_more` is false. */
export interface Page<T> {
  data: T[];
  page: { next_cursor: string | null; has_more: boolean; limit: number; direction: Direction };
}

export const DEFAULT_PAGE_LIMIT = 20;
export const MAX_PAGE_LIMIT = 100;

/** The position of an entry in a list ordered by a time and then by id. The position stays valid when the entry moves. */
export interface Place {
  at: Date;
  id: string;
}

const PLACE = /^([0-9a-z]{1,9})\.([0-9a-f]{24})$/;

/** Encodes a place as a cursor, which is opaque to clients. */
export const cursorOfPlace = ({ at, id }: Place): string =>
  Buffer.from(`${at.getTime().toString(36)}.${id}`).toString('base64url');

/** Decodes a cursor; null for text that `cursorOfPlace` did not make. */
export function placeOfCursor(cursor: string): Place | null {
  const [, time, id] = PLACE.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (time === undefined || id === undefined) return null;
  const place = { at: new Date(parseInt(time, 36)), id };
  return cursorOfPlace(place) === cursor ? place : null;
}

/** The kind of a list's cursors: ids of entries, or places. */
export type CursorKind = 'id' | 'place';

/**
 * Reads `?cursor=&limit=&direction=` as they came from the wire (strings, or numbers over a socket).
 * @throws CaasError `invalid_cursor`, `invalid_limit` or `invalid_direction` (400)
 */
export function parsePageRequest(
  query: { cursor?: unknown; limit?: unknown; direction?: unknown },
  cursors: CursorKind = 'id',
): PageRequest {
  return {
    cursor: parseCursor(query.cursor, cursors),
    limit: parseLimit(query.limit),
    direction: parseDirection(query.direction),
  };
}

/**
 * Cuts a page from `rows`, which the caller reads with a limit of one more than requested, to find out whether there are more.
 * @param idOf the cursor of an entry
 */
export function cutPage<T>(rows: T[], request: PageRequest, idOf: (row: T) => string): Page<T> {
  const data = rows.slice(0, request.limit);
  const last = data.at(-1);
  const hasMore = rows.length > request.limit && last !== undefined;
  return {
    data,
    page: {
      next_cursor: hasMore ? idOf(last) : null,
      has_more: hasMore,
      limit: request.limit,
      direction: request.direction,
    },
  };
}

export function mapPage<T, U>(page: Page<T>, present: (entry: T) => U): Page<U> {
  return { data: page.data.map(present), page: page.page };
}

function parseCursor(value: unknown, cursors: CursorKind): string | null {
  if (value === undefined) return null;
  if (cursors === 'id' ? isObjectIdHex(value) : typeof value === 'string' && placeOfCursor(value))
    return value as string;
  throw invalid('invalid_cursor', 'The cursor is not one that a page handed out.', [
    { field: 'cursor', message: 'must be the next_cursor of an earlier page' },
  ]);
}

function parseLimit(value: unknown): number {
  if (value === undefined) return DEFAULT_PAGE_LIMIT;
  const limit = typeof value === 'number' ? value : /^\d{1,3}$/.test(String(value)) ? Number(value) : NaN;
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE_LIMIT) return limit;
  throw invalid('invalid_limit', `The limit is a whole number from 1 to ${MAX_PAGE_LIMIT}.`, [
    { field: 'limit', message: `must be a whole number from 1 to ${MAX_PAGE_LIMIT}` },
  ]);
}

function parseDirection(value: unknown): Direction {
  if (value === undefined) return 'backward';
  if (value === 'forward' || value === 'backward') return value;
  throw invalid('invalid_direction', 'The direction is "forward" (newer) or "backward" (older).', [
    { field: 'direction', message: 'must be "forward" or "backward"' },
  ]);
}
