/** RFC 3339, section 5.6: `date-time`, with upper or lower-case `T` and `Z`. Seconds end at 59, a fraction at nanoseconds. */
const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)t([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;
const LONGEST = '2027-03-14T02:30:00.123456789+05:30'.length;
const MINUTE_MS = 60_000;
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * The instant of a text, to the millisecond; further digits are dropped. Null for anything but RFC 3339 with an offset or `Z`:
 * without these the host's time zone would decide. A leap second (`:60`) and a day that its month does not have are invalid, and
 * so is an instant outside the years 0000 to 9999 in UTC, which an answer could not represent.
 */
export function parseInstant(value: unknown): Date | null {
  if (typeof value !== 'string' || value.length > LONGEST) return null;
  const fields = INSTANT.exec(value);
  if (!fields) return null;
  const [year, month, day, hours, minutes, seconds] = fields.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  // Date.UTC treats the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  // An invalid month or day has overflowed into another one.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hours, minutes, seconds, Number((fields[7] ?? '').padEnd(3, '0').slice(0, 3)));
  const offsetMinutes = Number(fields[9] ?? 0) * 60 + Number(fields[10] ?? 0);
  const ms = date.getTime() - (fields[8] === '-' ? -1 : 1) * offsetMinutes * MINUTE_MS;
  return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms) : null;
}

/** An instant from a request that was validated before. @throws RangeError for an invalid text */
export function instantOf(text: string): Date {
  const instant = parseInstant(text);
  if (!instant) throw new RangeError(`not an instant: ${text.slice(0, LONGEST)}`);
  return instant;
}
