import { choiceOf, ownState, stateForOthers, type Sighting } from './presence-status';

const now = new Date('2026-01-01T12:00:00Z');
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const row = (changes: Partial<Sighting> = {}): Sighting => ({
  status: 'online',
  status_at: at(-60),
  connected: true,
  alive_until: at(30),
  seen_at: at(-60),
  ...changes,
});

describe('the state of a user', () => {
  it('is offline without rows', () => {
    expect(ownState([], now)).toEqual({ status: 'offline', last_seen_at: null });
  });

  it('is online as long as one process has them', () => {
    const rows = [row({ connected: false, alive_until: at(-5) }), row()];
    expect(stateForOthers(rows, now)).toEqual({ status: 'online', last_seen_at: now });
  });

  it('is offline once the process gave no sign of life, although it never said goodbye', () => {
    expect(stateForOthers([row({ alive_until: at(-1) })], now)).toEqual({ status: 'offline', last_seen_at: at(-60) });
  });

  it('is what was chosen last, on whichever device', () => {
    expect(ownState([row({ status: 'busy', status_at: at(-1) }), row()], now).status).toBe('busy');
    expect(ownState([row(), row({ status: 'busy', status_at: at(-1) })], now).status).toBe('busy');
  });

  it('shows who is invisible to themselves only, and not when they were there', () => {
    const rows = [row({ status: 'invisible', seen_at: at(-300) })];
    expect(ownState(rows, now)).toEqual({ status: 'invisible', last_seen_at: at(-300) });
    expect(stateForOthers(rows, now)).toEqual({ status: 'offline', last_seen_at: at(-300) });
  });
});

describe('the choice of a user who connects', () => {
  const gone = { connected: false, alive_until: at(-5) };

  it.each(['busy', 'invisible'] as const)('stays %s over a break', (status) => {
    expect(choiceOf([row({ status, ...gone })], now)?.status).toBe(status);
  });

  it('is not away any more after a break, but is with another device there', () => {
    expect(choiceOf([row({ status: 'away', ...gone })], now)).toBeNull();
    expect(choiceOf([row({ status: 'away', status_at: at(-1) }), row()], now)?.status).toBe('away');
  });
});
