import type { Socket } from 'node:net';
import { OffendingAddresses } from './offending-addresses';

const socket = (state: Partial<Socket> = {}) => ({ destroyed: false, on: jest.fn(), ...state }) as unknown as Socket;
const CUTS_BY_BAD_LUCK = 10;
const NEXT_AFTER_MS = 200;

describe('OffendingAddresses', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function offended(mostInLine = 3) {
    const addresses = new OffendingAddresses(mostInLine);
    for (let cut = 0; cut <= CUTS_BY_BAD_LUCK; cut += 1) addresses.cut('a');
    const entered: string[] = [];
    const enter = (name: string, address = 'a', state = {}) =>
      addresses.enter(address, socket(state), () => entered.push(name));
    return { addresses, entered, enter };
  }

  it('lets everybody in at once after a few cuts', () => {
    const addresses = new OffendingAddresses(3);
    for (let cut = 0; cut < CUTS_BY_BAD_LUCK; cut += 1) addresses.cut('a');
    const proceed = jest.fn();
    expect(addresses.enter('a', socket(), proceed)).toBe(true);
    expect(proceed).toHaveBeenCalledTimes(1);
  });

  it('has the connections of an address wait in line after many, and no others', () => {
    const { entered, enter } = offended();
    expect([enter('first'), enter('second'), enter('other', 'b')]).toEqual([true, true, true]);
    expect(entered).toEqual(['other']);
    jest.advanceTimersByTime(NEXT_AFTER_MS);
    expect(entered).toEqual(['other', 'first']);
    jest.advanceTimersByTime(NEXT_AFTER_MS);
    expect(entered).toEqual(['other', 'first', 'second']);
  });

  it('refuses those for whom the line is too long, and passes over those who have gone', () => {
    const { entered, enter } = offended();
    expect(enter('gone', 'a', { destroyed: true })).toBe(true);
    expect([enter('first'), enter('second'), enter('third')]).toEqual([true, true, false]);
    jest.advanceTimersByTime(NEXT_AFTER_MS);
    expect(entered).toEqual(['first']);
  });

  it('forgives, once the line is empty', () => {
    const { entered, enter } = offended();
    enter('first');
    jest.advanceTimersByTime(10_000);
    enter('second');
    expect(entered).toEqual(['first', 'second']);
  });
});
