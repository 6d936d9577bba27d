import { DeliveryOrder } from './delivery-order';

const message = (seq: number) => ({ seq });
const change = (rev: number, seq?: number) => (seq === undefined ? { rev } : { rev, seq });

describe('DeliveryOrder', () => {
  it('lets pass what comes once and in order, with gaps, in each conversation by itself', () => {
    const order = new DeliveryOrder();
    const heard = [
      ['a', message(1)],
      ['b', message(1)],
      ['a', change(1)],
      ['a', message(2)],
      ['a', message(5)],
      ['a', change(4, 2)],
      ['b', message(2)],
    ] as const;
    expect(heard.map(([conversation, place]) => order.next(conversation, place))).toEqual(heard.map(() => null));
    expect([...order.last]).toEqual([
      ['a', { seq: 5, rev: 4 }],
      ['b', { seq: 2, rev: 0 }],
    ]);
  });

  it.each([
    ['messages', message],
    ['changes', change],
  ])('tells what comes twice from what comes late, of %s', (_what, place) => {
    const order = new DeliveryOrder();
    for (const number of [1, 2, 4]) order.next('a', place(number));
    expect([4, 2, 3, 3, 5].map((number) => order.next('a', place(number)))).toEqual([
      'doubled',
      'doubled',
      'reordered',
      'doubled',
      null,
    ]);
  });

  it('counts messages and changes apart', () => {
    const order = new DeliveryOrder();
    const heard = [change(7), message(3), change(8, 1), message(4), change(9, 4)];
    expect(heard.map((place) => order.next('a', place))).toEqual(heard.map(() => null));
  });

  it('finds a message that comes after a change of it', () => {
    const order = new DeliveryOrder();
    const heard = [message(1), change(1, 2), message(2), message(3)];
    expect(heard.map((place) => order.next('a', place))).toEqual([null, null, 'reordered', null]);
  });

  it('leaves alone what has no place in either order', () => {
    const order = new DeliveryOrder();
    expect([order.next('a', {}), order.next('a', {})]).toEqual([null, null]);
    expect([...order.last]).toEqual([]);
  });
});
