/** The period of counters that are not monthly. */
export const FOR_GOOD = 'all';

const DAY_MS = 24 * 60 * 60_000;
/** Caches the last day, because every send calls this. */
let last = { day: NaN, month: '' };

/** The calendar month, UTC: `yyyy-mm`. */
export function monthOf(time: Date): string {
  const day = Math.floor(time.getTime() / DAY_MS);
  if (day !== last.day) last = { day, month: time.toISOString().slice(0, 7) };
  return last.month;
}

/** The end of the month, exclusive. */
export function endOfMonth(month: string): Date {
  const [year, number] = month.split('-').map(Number);
  // JavaScript months start at 0, so this number is the next month.
  return new Date(Date.UTC(year!, number!, 1));
}
