/** The period of what is counted for good. */
export const FOR_GOOD = 'all';

const DAY_MS = 24 * 60 * 60_000;
/** Of the day that was asked for last: every send asks. */
let last = { day: NaN, month: '' };

/** The calendar month, UTC: `yyyy-mm`. */
export function monthOf(time: Date): string {
  const day = Math.floor(time.getTime() / DAY_MS);
  if (day !== last.day) last = { day, month: time.toISOString().slice(0, 7) };
  return last.month;
}

/** When the month is over. */
export function endOfMonth(month: string): Date {
  const [year, number] = month.split('-').map(Number);
  // Months count from 0 here, so that the number is the next month's.
  return new Date(Date.UTC(year!, number!, 1));
}
