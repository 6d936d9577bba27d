import { DeliveryOrder } from './delivery-order';

describe('DeliveryOrder', () => {
  it('lets pass what comes once and in order, with gaps, in each conversation by itself', () => {
    const order = new DeliveryOrder();
    const heard = [
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['a', 5],
      ['b', 2],
    ] as const;
    expect(heard.map(([conversation, rev]) => order.next(conversation, rev))).toEqual([null, null, null, null, null]);
    expect([...order.last]).toEqual([
      ['a', 5],
      ['b', 2],
    ]);
  });

  it('tells what comes twice from what comes late', () => {
    const order = new DeliveryOrder();
    for (const rev of [1, 2, 4]) order.next('a', rev);
    expect([4, 2, 3, 3, 5].map((rev) => order.next('a', rev))).toEqual([
      'doubled',
      'doubled',
      'reordered',
      'doubled',
      null,
    ]);
  });
});
