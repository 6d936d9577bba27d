/** The period of what is counted for good. */
export const FOR_GOOD = 'all';

/** The calendar month, UTC: `yyyy-mm`. */
export const monthOf = (time: Date): string => time.toISOString().slice(0, 7);

/** When the month is over. */
export function endOfMonth(month: string): Date {
  const [year, number] = month.split('-').map(Number);
  // Months count from 0 here, so that the number is the next month's.
  return new Date(Date.UTC(year!, number!, 1));
}
