import { createHash } from 'node:crypto';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The night starts at midnight UTC. */
const NIGHT_MINUTES = 6 * 60;
const WEEK_DAYS = 7;

/** A tenant's slot: the same minute every night, and one weekday for weekly work. */
export function nightlySlot(tenantId: string): { minute: number; weekday: number } {
  const number = createHash('sha256').update(tenantId).digest().readUInt32BE(0);
  return { minute: number % NIGHT_MINUTES, weekday: Math.floor(number / NIGHT_MINUTES) % WEEK_DAYS };
}

/** Whether a tenant's slot lies within `(afterMs, uptoMs]`, which is at most a day; null when it does not. */
export function turnBetween(tenantId: string, afterMs: number, uptoMs: number): { isWeekly: boolean } | null {
  const { minute, weekday } = nightlySlot(tenantId);
  const today = Math.floor(uptoMs / DAY_MS) * DAY_MS + minute * MINUTE_MS;
  const turnMs = today <= uptoMs ? today : today - DAY_MS;
  if (turnMs <= afterMs) return null;
  return { isWeekly: new Date(turnMs).getUTCDay() === weekday };
}
