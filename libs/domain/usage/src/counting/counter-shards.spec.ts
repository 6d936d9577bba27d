import { SHARED_SLOT, CounterShards } from './counter-shards';

describe('CounterShards', () => {
  it('gives writers of one counter different slots, and those of another the same', () => {
    const slots = new CounterShards();
    const [first, second] = [slots.take('a'), slots.take('a')];
    expect(first).not.toBe(second);
    expect(slots.take('b')).toBe(first);
    slots.release('a', first);
    expect(slots.take('a')).toBe(first);
  });

  it('gives out what there is when all are taken, and never the shared one', () => {
    const slots = new CounterShards();
    const given = Array.from({ length: 200 }, () => slots.take('a'));
    expect(new Set(given).size).toBe(64);
    expect(given).not.toContain(SHARED_SLOT);
  });

  it('goes elsewhere from where another process was met', () => {
    const numbers = Array.from({ length: 63 }, () => 0.999).concat(0.5);
    const slots = new CounterShards(() => numbers.shift()!);
    const met = slots.take('a');
    slots.release('a', met);
    slots.avoid(met);
    expect(slots.take('a')).not.toBe(met);
  });
});
