import { ObjectId } from 'bson';
import { searchWindows } from './search-windows';

const at = (s: number, rest = 'a'.repeat(16)) => new ObjectId(s.toString(16).padStart(8, '0') + rest);
const NOW_S = 1_700_000_000;
const holds = (windows: ReturnType<typeof searchWindows>, id: ObjectId) =>
  windows.filter(
    ({ above, below }) =>
      (!above || above.toHexString() < id.toHexString()) && (!below || id.toHexString() < below.toHexString()),
  ).length;

describe('searchWindows', () => {
  it.each([0, 60, 86_400, 10 * 86_400, 1000 * 86_400, NOW_S])('hold what is %d s old in exactly one', (age) => {
    const windows = searchWindows({ cursor: null, direction: 'backward' }, null, NOW_S * 1000);
    expect(holds(windows, at(NOW_S - age))).toBe(1);
  });

  it('go on from a cursor, without it, in both directions', () => {
    const cursor = at(NOW_S);
    const [before, after] = [at(NOW_S, 'a'.repeat(15) + '9'), at(NOW_S, 'a'.repeat(15) + 'b')];
    const backward = searchWindows({ cursor: cursor.toHexString(), direction: 'backward' }, null);
    expect([before, cursor, after].map((id) => holds(backward, id))).toEqual([1, 0, 0]);
    const forward = searchWindows({ cursor: cursor.toHexString(), direction: 'forward' }, null);
    expect([before, cursor, after].map((id) => holds(forward, id))).toEqual([0, 0, 1]);
  });

  it('begin forward with the oldest', () => {
    const windows = searchWindows({ cursor: null, direction: 'forward' }, at(1_000_000), NOW_S * 1000);
    for (const s of [1_000_000, 1_100_000, NOW_S]) expect(holds(windows, at(s))).toBe(1);
  });
});
