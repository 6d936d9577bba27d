import { WriteTurns } from './write-turns';

describe('WriteTurns', () => {
  let turns: WriteTurns;
  let freed: string[];
  beforeEach(() => {
    turns = new WriteTurns();
    freed = [];
    turns.whenFree((key) => freed.push(key));
  });

  it('gives a conversation to one writer at a time, and changes theirs in line', async () => {
    const order: number[] = [];
    await turns.wait('a');
    const others = [1, 2].map((n) => turns.wait('a').then(() => order.push(n)));
    expect(turns.take('a')).toBe(false);
    expect(turns.take('b')).toBe(true);
    expect(order).toEqual([]);
    // The sends had been asking: they come between.
    turns.release('a');
    expect(freed).toEqual(['a']);
    expect(turns.take('a')).toBe(true);
    turns.release('a');
    await others[0];
    expect(order).toEqual([1]);
    turns.release('a');
    await others[1];
    expect(order).toEqual([1, 2]);
    turns.release('a');
    expect(turns.take('a')).toBe(true);
  });

  it('keeps a change waiting while a freed conversation is the sends’ to take', async () => {
    await turns.wait('a');
    turns.take('a');
    turns.release('a');
    let got = false;
    const change = turns.wait('a').then(() => (got = true));
    await new Promise(setImmediate);
    expect(got).toBe(false);
    expect(turns.take('a')).toBe(true);
    turns.release('a');
    await change;
    expect(got).toBe(true);
  });
});
