import { ObjectId } from 'bson';
import type { PageRequest } from '#caas/kernel';

const DAY_S = 24 * 60 * 60;
/** A frequent word fills a page from the first window. For a rare word the windows soon cover all of the time. */
const SPANS_S = [1, 8, 64, 512].map((days) => days * DAY_S);
/** The clocks of other processes may be ahead. */
const AHEAD_S = 60;

/** Message ids between `above` and `below`. */
export interface SearchWindow {
  above: ObjectId | null;
  below: ObjectId | null;
}

/**
 * Cuts time into growing windows from where a page begins. So a search for a word of a million messages sorts the messages of one
 * day and not all of them. The last window is open.
 * @param oldest where a forward page begins when it has no cursor; the first window includes it
 */
export function searchWindows(
  { cursor, direction }: Pick<PageRequest, 'cursor' | 'direction'>,
  oldest: ObjectId | null,
  nowMs = Date.now(),
): SearchWindow[] {
  const given = cursor === null ? null : new ObjectId(cursor);
  const startS = seconds(given ?? oldest) ?? Math.floor(nowMs / 1000) + AHEAD_S;
  const backward = direction === 'backward';
  const step = backward ? -1 : 1;
  const edges = SPANS_S.map((span) => startS + step * span).map((edgeS) => idAt(Math.max(0, Math.min(edgeS, MAX_S))));
  // The cursor is the last entry of the page before, so the first window excludes it. Without a cursor the near end is open.
  const nears = [given, ...edges];
  return nears.map((near, at) => {
    const far = edges[at] ?? null;
    return backward ? { above: far, below: near } : { above: near, below: far };
  });
}

const MAX_S = 2 ** 32 - 1;
const seconds = (id: ObjectId | null): number | null => id && Math.floor(id.getTimestamp().getTime() / 1000);
/** A value before all ids of a second. No existing id is equal to it. */
const idAt = (s: number): ObjectId => new ObjectId(`${s.toString(16).padStart(8, '0')}${'0'.repeat(16)}`);
