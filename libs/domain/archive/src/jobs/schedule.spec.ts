import { turnBetween, nightlySlot } from './schedule';

const DAY_MS = 24 * 60 * 60_000;
const NOON = Date.UTC(2026, 5, 10, 12);
const ids = Array.from({ length: 1_000 }, (_, n) => `clnt_tenant${n}`);

describe('turns in the night', () => {
  it('come once a day, whatever the steps that ask', () => {
    for (const id of ids.slice(0, 50)) {
      let turns = 0;
      for (let ms = NOON; ms < NOON + DAY_MS; ms += 5 * 60_000) if (turnBetween(id, ms, ms + 5 * 60_000)) turns += 1;
      expect(turns).toBe(1);
    }
  });

  it('are weekly on one day of seven', () => {
    const nights = Array.from({ length: 7 }, (_, n) =>
      turnBetween(ids[0]!, NOON + n * DAY_MS, NOON + (n + 1) * DAY_MS),
    );
    expect(nights.filter((turn) => turn?.isWeekly)).toHaveLength(1);
  });

  it('are spread over the night', () => {
    const minutes = ids.map((id) => nightlySlot(id).minute);
    expect(Math.max(...minutes)).toBeLessThan(360);
    const hours = [0, 1, 2, 3, 4, 5].map((hour) => minutes.filter((minute) => Math.floor(minute / 60) === hour).length);
    expect(Math.min(...hours)).toBeGreaterThan(100);
  });
});
