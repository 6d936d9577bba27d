import type { ObjectId } from 'bson';
import { cutPage, type Page, type PageRequest } from '#caas/kernel';

/** Cuts a page out of rows that are all in memory, as the repository would. */
export function pageOfRows<T extends { _id: ObjectId }>(
  rows: T[],
  request: PageRequest,
  placeOf: (row: T) => number | string = ({ _id }) => _id.toHexString(),
): Page<T> {
  const { cursor, direction, limit } = request;
  const backward = direction === 'backward';
  const ordered = [...rows].sort((a, b) => (placeOf(a) < placeOf(b) === backward ? 1 : -1));
  const last = cursor === null ? undefined : ordered.find(({ _id }) => _id.toHexString() === cursor);
  const beyond = ordered.filter((row) => {
    if (cursor === null) return true;
    const place = last ? placeOf(last) : cursor;
    return backward ? placeOf(row) < place : placeOf(row) > place;
  });
  return cutPage(beyond.slice(0, limit + 1), request, ({ _id }) => _id.toHexString());
}
