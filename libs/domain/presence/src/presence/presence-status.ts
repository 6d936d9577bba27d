/** The status that a user can choose. Others see `invisible` as `offline`. */
export const CHOSEN_STATUSES = ['online', 'away', 'busy', 'invisible'] as const;
export type ChosenStatus = (typeof CHOSEN_STATUSES)[number];
export type PresenceStatus = ChosenStatus | 'offline';

/** The fields of a row that determine a user's status. */
export interface Sighting {
  status: ChosenStatus;
  status_at: Date;
  connected: boolean;
  alive_until: Date;
  seen_at: Date | null;
}

/** A user's status, as they see it themselves or as others see it. */
export interface State {
  status: PresenceStatus;
  /** The current time for a user who is visibly connected. */
  last_seen_at: Date | null;
}

export const isAlive = ({ connected, alive_until }: Sighting, now: Date): boolean => connected && alive_until > now;

/** The status that a user chose last. `away` is forgotten when they disconnect: a user who reconnects is no longer away. */
export function choiceOf(rows: readonly Sighting[], now: Date): Pick<Sighting, 'status' | 'status_at'> | null {
  const last = latest(rows);
  if (!last || (last.status === 'away' && !rows.some((row) => isAlive(row, now)))) return null;
  return last;
}

/** The user's own view of their status, from all of their rows. */
export function ownState(rows: readonly Sighting[], now: Date): State {
  const last = rows.some((row) => isAlive(row, now)) ? latest(rows) : null;
  const seen = rows.map(({ seen_at }) => seen_at?.getTime() ?? 0);
  const lastSeen = Math.max(0, ...seen);
  const isSeen = last !== null && last.status !== 'invisible';
  return {
    status: last?.status ?? 'offline',
    last_seen_at: isSeen ? now : lastSeen === 0 ? null : new Date(lastSeen),
  };
}

export function stateForOthers(rows: readonly Sighting[], now: Date): State {
  const { status, last_seen_at } = ownState(rows, now);
  return { status: status === 'invisible' ? 'offline' : status, last_seen_at };
}

function latest<R extends Sighting>(rows: readonly R[]): R | null {
  return rows.reduce<R | null>((best, row) => (best && best.status_at >= row.status_at ? best : row), null);
}
