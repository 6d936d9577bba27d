/** A number of points within each window. */
export interface Rate {
  readonly points: number;
  readonly seconds: number;
  /** The name in the `RateLimit` fields, such as `user-read`; null for a rate that these fields do not report. */
  readonly name: string | null;
  /** The text of the refusal. */
  readonly detail: string;
}

const SHORT_WINDOWS_SECONDS = [1, 10];
const LONG_WINDOW_SECONDS = 60;
/** This many points keep the rounding error at one percent, and leave some to fetch ahead. */
const ENOUGH_POINTS = 50;

/**
 * The shortest window of 1, 10 and 60 s that has at least fifty points. A large rate is spread evenly, so that its bursts do not
 * burden others; a small rate may be used at once.
 */
export function windowOf(perMinute: number): Pick<Rate, 'points' | 'seconds'> {
  const within = (seconds: number) => Math.round((perMinute * seconds) / LONG_WINDOW_SECONDS);
  const seconds = SHORT_WINDOWS_SECONDS.find((each) => within(each) >= ENOUGH_POINTS) ?? LONG_WINDOW_SECONDS;
  return { points: Math.max(1, within(seconds)), seconds };
}

/** @param of the counted things in the plural: "No more than 5 …" */
export const perHour = (points: number, of: string): Rate => ({
  points,
  seconds: 60 * 60,
  name: null,
  detail: `No more than ${points} ${of} within an hour.`,
});
