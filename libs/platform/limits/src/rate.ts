/** So many points within each window. */
export interface Rate {
  readonly points: number;
  readonly seconds: number;
  /** In the `RateLimit` fields, such as `user-read`; null for one that they do not tell of. */
  readonly name: string | null;
  /** For whoever is refused. */
  readonly detail: string;
}

const SHORT_WINDOWS_SECONDS = [1, 10];
const LONG_WINDOW_SECONDS = 60;
/** So many keep the error of rounding at one percent, and leave something to be fetched ahead. */
const ENOUGH_POINTS = 50;

/**
 * The shortest of 1, 10 and 60 s in which there are fifty points: who has much gets it evenly, so that their bursts are no burden
 * to others, and who has little may use it at once.
 */
export function windowOf(perMinute: number): Pick<Rate, 'points' | 'seconds'> {
  const within = (seconds: number) => Math.round((perMinute * seconds) / LONG_WINDOW_SECONDS);
  const seconds = SHORT_WINDOWS_SECONDS.find((each) => within(each) >= ENOUGH_POINTS) ?? LONG_WINDOW_SECONDS;
  return { points: Math.max(1, within(seconds)), seconds };
}

/** @param of in the plural: "No more than 5 …" */
export const perHour = (points: number, of: string): Rate => ({
  points,
  seconds: 60 * 60,
  name: null,
  detail: `No more than ${points} ${of} within an hour.`,
});
