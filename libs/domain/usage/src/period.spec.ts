import { endOfMonth, monthOf } from './period';

describe('A month', () => {
  it.each([
    ['2026-11-30T23:59:59.999Z', '2026-11'],
    ['2026-12-01T00:00:00.000Z', '2026-12'],
    ['2026-11-30T00:00:00.000Z', '2026-11'],
    ['1969-12-31T23:59:59.999Z', '1969-12'],
    ['2028-02-29T12:00:00.000Z', '2028-02'],
  ])('of %s is %s, whatever was asked before', (time, month) => {
    expect(monthOf(new Date(time))).toBe(month);
    expect(monthOf(new Date(time))).toBe(month);
  });

  it('is none for no time', () => {
    expect(() => monthOf(new Date(NaN))).toThrow(RangeError);
  });

  it('ends where the next begins', () => {
    expect(endOfMonth('2026-12')).toEqual(new Date('2027-01-01T00:00:00Z'));
  });
});
