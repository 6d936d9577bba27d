import type { Preconditions } from '#caas/kernel';

/** The range and the preconditions of a request. */
export interface Conditions {
  range: string | undefined;
  ifRange: string | undefined;
  preconditions: Preconditions;
}

export type Outcome =
  | { status: 200 | 304 }
  | { status: 206; start: number; end: number }
  /** The range is not satisfiable. */
  | { status: 416 };

/**
 * RFC 9110, 13.2.2 and 14.2. A request for several ranges gets the whole content, as the RFC permits.
 * @param etag strong, with its quotes
 * @throws CaasError `stale_version` (412)
 */
export function outcomeOf({ range, ifRange, preconditions }: Conditions, etag: string, sizeBytes: number): Outcome {
  preconditions.requireTag(etag);
  if (preconditions.hasSeen(etag)) return { status: 304 };
  // `If-Range` with a date or a different tag: the client's part may be of other content, so send the whole.
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return { status: 200 };
  return rangeOf(range, sizeBytes);
}

function rangeOf(header: string, sizeBytes: number): Outcome {
  const [, from, to] = /^\s*bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(header) ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return { status: 200 };
  if (from === '') {
    const last = Math.min(Number(to), sizeBytes);
    return last === 0 ? { status: 416 } : { status: 206, start: sizeBytes - last, end: sizeBytes - 1 };
  }
  const start = Number(from);
  const end = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== '' && Number(to) < start) return { status: 200 };
  return start >= sizeBytes ? { status: 416 } : { status: 206, start, end };
}
