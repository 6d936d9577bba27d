import { ObjectId } from 'bson';
import type { PageRequest } from '#caas/kernel';

const DAY_S = 24 * 60 * 60;
/** A word that many use fills a page from the first; one that few use is soon looked for everywhere. */
const SPANS_S = [1, 8, 64, 512].map((days) => days * DAY_S);
/** Clocks of other processes may be ahead. */
const AHEAD_S = 60;

/** Ids in between. */
export interface SearchWindow {
  above: ObjectId | null;
  below: ObjectId | null;
}

/**
 * Cuts time into windows that grow, from where a page begins, so that looking for a word of a million messages sorts those of
 * a day and not all. The last window is open.
 * @param oldest where a page forward begins when it has no cursor; it is in the first window
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
  // The beginning itself was the last entry of the page before, unless there was none.
  const nears = [given, ...edges];
  return nears.map((near, at) => {
    const far = edges[at] ?? null;
    return backward ? { above: far, below: near } : { above: near, below: far };
  });
}

const MAX_S = 2 ** 32 - 1;
const seconds = (id: ObjectId | null): number | null => id && Math.floor(id.getTimestamp().getTime() / 1000);
/** The first id of a second, or rather what lies before all of them; no id that exists is equal to it. */
const idAt = (s: number): ObjectId => new ObjectId(`${s.toString(16).padStart(8, '0')}${'0'.repeat(16)}`);
