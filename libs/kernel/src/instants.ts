/** RFC 3339, section 5.6: `date-time`, with upper or lower-case `T` and `Z`. Seconds end at 59, a fraction at nanoseconds. */
const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)t([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;
const LONGEST = '2027-03-14T02:30:00.123456789+05:30'.length;
const MINUTE_MS = 60_000;
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * The instant that a text names, to the millisecond; digits beyond are dropped. Null for anything but RFC 3339 with an offset or
 * `Z`: without one the host's zone would decide. A leap second (`:60`) and a day that its month lacks are no instants, nor is
 * what lies outside the years 0000 to 9999 in UTC, which an answer could not write.
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
  // Date.UTC takes the years 0 to 99 for those of the twentieth century.
  date.setUTCFullYear(year, month - 1, day);
  // A month or day that there is not has become another one.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hours, minutes, seconds, Number((fields[7] ?? '').padEnd(3, '0').slice(0, 3)));
  const offsetMinutes = Number(fields[9] ?? 0) * 60 + Number(fields[10] ?? 0);
  const ms = date.getTime() - (fields[8] === '-' ? -1 : 1) * offsetMinutes * MINUTE_MS;
  return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms) : null;
}

/** An instant of a request that was checked before. @throws RangeError for what is none */
export function instantOf(text: string): Date {
  const instant = parseInstant(text);
  if (!instant) throw new RangeError(`not an instant: ${text.slice(0, LONGEST)}`);
  return instant;
}
