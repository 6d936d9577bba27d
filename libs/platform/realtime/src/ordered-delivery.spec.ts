import fc from 'fast-check';
import { parseTenantId } from '#caas/kernel';
import type { EventEnvelope } from '#caas/contracts';
import { OrderedDelivery } from './ordered-delivery';
import { conversationRoom, userRoom } from './rooms';

const tenant = parseTenantId('clnt_abc123');
const room = conversationRoom(tenant, '0123456789abcdef01234567');
const event = (rev: number) => ({
  envelope: { id: `e${rev}`, type: 'message.created', at: '', rev, data: {} } as unknown as EventEnvelope,
  hiddenFrom: [],
});

function delivery(options: { missed?: number[]; listeners?: () => boolean; recheck?: () => Promise<void> } = {}) {
  const sent: number[] = [];
  const ordered = new OrderedDelivery(
    {
      hasListeners: options.listeners ?? (() => true),
      emit: (_room, { envelope }) => sent.push(envelope.rev!),
      recheck: options.recheck ?? (() => Promise.resolve()),
      missed: (_room, after, before) =>
        Promise.resolve((options.missed ?? []).filter((rev) => rev > after && rev < before).map(event)),
    },
    5,
  );
  return { ordered, sent };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const gapWait = () => jest.advanceTimersByTimeAsync(25);

describe('OrderedDelivery', () => {
  it('delivers any order of arrival in order, once each', () =>
    fc.assert(
      fc.property(
        fc.shuffledSubarray([2, 3, 4, 5, 6, 7, 8], { minLength: 7 }),
        fc.array(fc.integer({ min: 1, max: 8 })),
        (order, repeats) => {
          const { ordered, sent } = delivery();
          for (const rev of [1, ...order, ...repeats]) ordered.accept(room, event(rev));
          expect(sent).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
          ordered.close();
        },
      ),
    ));

  it('fills a gap that stays open from the database', async () => {
    const { ordered, sent } = delivery({ missed: [2, 3] });
    ordered.accept(room, event(1));
    ordered.accept(room, event(4));
    expect(sent).toEqual([1]);
    await gapWait();
    expect(sent).toEqual([1, 2, 3, 4]);
  });

  it('goes on when the database knows no event for the gap either', async () => {
    const { ordered, sent } = delivery();
    ordered.accept(room, event(1));
    ordered.accept(room, event(5));
    await gapWait();
    ordered.accept(room, event(3));
    ordered.accept(room, event(6));
    expect(sent).toEqual([1, 5, 6]);
  });

  it('finds what was published while the sockets were on their way into the room', async () => {
    const { ordered, sent } = delivery({ missed: [4, 5] });
    ordered.begin(room, 3);
    await gapWait();
    ordered.accept(room, event(6));
    expect(sent).toEqual([4, 5, 6]);
  });

  it('sends what it heard before the sockets were in the room, though the database knows nothing of it', async () => {
    let isAnybodyThere = false;
    const { ordered, sent } = delivery({ listeners: () => isAnybodyThere, missed: [5] });
    for (const rev of [4, 3, 6]) ordered.accept(room, event(rev));
    isAnybodyThere = true;
    ordered.begin(room, 3);
    expect(sent).toEqual([4]);
    await gapWait();
    expect(sent).toEqual([4, 5, 6]);
  });

  it('begins before the first event, also when that comes late', async () => {
    const { ordered, sent } = delivery({ missed: [1, 2] });
    ordered.begin(room, 0);
    ordered.accept(room, event(3));
    await gapWait();
    expect(sent).toEqual([1, 2, 3]);
  });

  it('sends what it holds when the room ends, and begins anew', () => {
    const { ordered, sent } = delivery();
    for (const rev of [1, 5, 3]) ordered.accept(room, event(rev));
    ordered.finish(room);
    ordered.accept(room, event(2));
    expect(sent).toEqual([1, 3, 5, 2]);
  });

  it('keeps nothing of a room where nobody listens', () => {
    let listening = false;
    const { ordered, sent } = delivery({ listeners: () => listening });
    ordered.accept(room, event(1));
    listening = true;
    ordered.accept(room, event(9));
    expect(sent).toEqual([9]);
    ordered.close();
  });
});

describe('rooms', () => {
  it.each(['', undefined, 'x', 'c:0123456789abcdef01234567', null])('has none for %j', (id) => {
    expect(() => conversationRoom(tenant, id as string)).toThrow('There is no room');
    expect(() => userRoom(tenant, id as string)).toThrow('There is no room');
  });

  it('asks who is still in the room before it goes past a rev that left no trace, and until it knows', async () => {
    const asked: number[] = [];
    const { ordered, sent } = delivery({
      missed: [2],
      recheck: () => {
        asked.push(sent.length);
        return asked.length === 1 ? Promise.reject(new Error('the engine is away')) : Promise.resolve();
      },
    });
    ordered.accept(room, event(1));
    ordered.accept(room, event(4));
    await gapWait();
    expect(sent).toEqual([1, 2, 4]);
    expect(asked).toEqual([1, 1]);
    ordered.close();
  });

  it('asks nobody when the messages that it missed are all there is in the gap', async () => {
    const recheck = jest.fn(() => Promise.resolve());
    const { ordered, sent } = delivery({ missed: [2, 3], recheck });
    ordered.accept(room, event(1));
    ordered.accept(room, event(4));
    await gapWait();
    expect(sent).toEqual([1, 2, 3, 4]);
    expect(recheck).not.toHaveBeenCalled();
    ordered.close();
  });

  it('asks no more about a room that was left while it could not be said who is in it', async () => {
    let isAnybodyThere = true;
    let fail: (error: Error) => void = () => undefined;
    const recheck = jest.fn(() => new Promise<void>((_resolve, reject) => (fail = reject)));
    const { ordered, sent } = delivery({ listeners: () => isAnybodyThere, recheck });
    ordered.accept(room, event(1));
    ordered.accept(room, event(4));
    await gapWait();
    expect(recheck).toHaveBeenCalledTimes(1);
    isAnybodyThere = false;
    ordered.accept(room, event(5));
    fail(new Error('the engine is away'));
    await gapWait();
    expect(recheck).toHaveBeenCalledTimes(1);
    expect(sent).toEqual([1]);
    ordered.close();
  });
});
