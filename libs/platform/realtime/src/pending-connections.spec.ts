import { PendingConnections } from './pending-connections';

const connection = () => ({ evict: jest.fn() });

describe('PendingConnections', () => {
  it('is full for an address, and for no other', () => {
    const pending = new PendingConnections(2, 100);
    const leave = pending.add('a', connection());
    pending.add('a', connection());
    expect([pending.isFull('a'), pending.isFull('b')]).toEqual([true, false]);
    leave();
    leave();
    expect([pending.isFull('a'), pending.count]).toEqual([false, 1]);
  });

  it('makes room at the cost of the address with the most, whose oldest goes', () => {
    const pending = new PendingConnections(10, 4);
    const honest = connection();
    pending.add('honest', honest);
    const flood = [connection(), connection(), connection()];
    for (const each of flood) pending.add('flood', each);
    const newcomer = connection();
    pending.add('other', newcomer);
    expect(flood.map(({ evict }) => evict.mock.calls.length)).toEqual([1, 0, 0]);
    expect(honest.evict).not.toHaveBeenCalled();
    expect(newcomer.evict).not.toHaveBeenCalled();
    expect(pending.count).toBe(4);
  });
});
