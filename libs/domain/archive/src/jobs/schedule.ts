import { createHash } from 'node:crypto';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** From midnight on, UTC. */
const NIGHT_MINUTES = 6 * 60;
const WEEK_DAYS = 7;

/** When a tenant's turn is: the same minute of every night, and one night of the week for what is done weekly. */
export function nightlySlot(tenantId: string): { minute: number; weekday: number } {
  const number = createHash('sha256').update(tenantId).digest().readUInt32BE(0);
  return { minute: number % NIGHT_MINUTES, weekday: Math.floor(number / NIGHT_MINUTES) % WEEK_DAYS };
}

/** The moment of a tenant's turn within `(afterMs, uptoMs]`, no more than a day; null when it has none. */
export function turnBetween(tenantId: string, afterMs: number, uptoMs: number): { isWeekly: boolean } | null {
  const { minute, weekday } = nightlySlot(tenantId);
  const today = Math.floor(uptoMs / DAY_MS) * DAY_MS + minute * MINUTE_MS;
  const turnMs = today <= uptoMs ? today : today - DAY_MS;
  if (turnMs <= afterMs) return null;
  return { isWeekly: new Date(turnMs).getUTCDay() === weekday };
}
