import { parseTenantId } from '#caas/kernel';
import type { EventEnvelope } from '#caas/contracts';
import type { Delivery } from './delivery';
import { OrderedDelivery } from './ordered-delivery';
import { conversationRoom, userRoom } from './rooms';

const tenant = parseTenantId('clnt_abc123');
const room = conversationRoom(tenant, '0123456789abcdef01234567');

const message = (seq: number, afterRev?: number): Delivery => ({
  envelope: { id: `m${seq}`, type: 'message.created', at: '', seq, data: {} } as unknown as EventEnvelope,
  hiddenFrom: [],
  ...(afterRev === undefined ? {} : { afterRev }),
});

const change = (rev: number, of: { seq?: number; covers?: [number, number]; baseRev?: number } = {}): Delivery => {
  const { baseRev, ...numbers } = of;
  const envelope = { id: `c${rev}`, type: 'message.updated', at: '', rev, ...numbers, data: {} };
  return {
    envelope: envelope as unknown as EventEnvelope,
    hiddenFrom: [],
    ...(baseRev === undefined ? {} : { baseRev }),
  };
};

interface Database {
  messages?: Delivery[];
  changes?: Delivery[];
}

/** A process that hears of events by `accept`, and what it has sent: m<seq> and c<rev>, with what an event covers. */
function delivery(
  database: Database & {
    listeners?: () => boolean;
    recheck?: () => Promise<void>;
    missedMessages?: () => Promise<Delivery[]>;
  } = {},
) {
  const sent: string[] = [];
  const asked: string[] = [];
  const within = (all: Delivery[] | undefined, number: 'seq' | 'rev', after: number, before: number) =>
    (all ?? []).filter(({ envelope }) => envelope[number]! > after && envelope[number]! < before);
  const ordered = new OrderedDelivery(
    {
      hasListeners: database.listeners ?? (() => true),
      emit: (_room, { envelope: { seq, rev, covers } }) =>
        sent.push(rev === undefined ? `m${seq}` : `c${rev}${covers ? `(${covers.join('-')})` : ''}`),
      recheck: database.recheck ?? (() => Promise.resolve(void asked.push('recheck'))),
      missedMessages: (_room, after, before) => {
        asked.push(`messages ${after}-${before}`);
        return database.missedMessages?.() ?? Promise.resolve(within(database.messages, 'seq', after, before));
      },
      missedChanges: (_room, after, before) => {
        asked.push(`changes ${after}-${before}`);
        return Promise.resolve(within(database.changes, 'rev', after, before));
      },
    },
    5,
  );
  return { ordered, sent, asked, accept: (...all: Delivery[]) => all.forEach((each) => ordered.accept(room, each)) };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Once: a gap wait, and a look. */
const gapWait = () => jest.advanceTimersByTimeAsync(6);

describe('OrderedDelivery', () => {
  it('lets messages and changes leave at once that come in order', () => {
    const { accept, sent, asked } = delivery();
    accept(message(1, 0), change(1, { seq: 1 }), message(2, 0), message(3, 1), change(2), change(3, { seq: 3 }));
    expect(sent).toEqual(['m1', 'c1', 'm2', 'm3', 'c2', 'c3']);
    expect(jest.getTimerCount()).toBe(0);
    expect(asked).toEqual([]);
  });

  it('holds a message until those before it have left, and a change likewise', () => {
    const { accept, sent } = delivery();
    accept(message(1, 0), change(1), message(3, 0), change(3));
    expect(sent).toEqual(['m1', 'c1']);
    accept(change(2));
    expect(sent).toEqual(['m1', 'c1', 'c2', 'c3']);
    accept(message(2, 0));
    expect(sent).toEqual(['m1', 'c1', 'c2', 'c3', 'm2', 'm3']);
  });

  it('holds a message until the change has left that its sender knew of', () => {
    const { accept, sent } = delivery();
    accept(message(1, 0), message(2, 2), message(3, 0), change(2));
    expect(sent).toEqual(['m1']);
    accept(change(1));
    expect(sent).toEqual(['m1', 'c1', 'c2', 'm2', 'm3']);
  });

  it('holds a change until the message has left that it is about', () => {
    const { accept, sent } = delivery();
    accept(message(1, 0), change(1, { seq: 2 }), change(2, { seq: 1 }));
    expect(sent).toEqual(['m1']);
    accept(message(2, 0));
    expect(sent).toEqual(['m1', 'm2', 'c1', 'c2']);
  });

  it('sends nothing twice', () => {
    const { accept, sent } = delivery();
    accept(message(1, 0), change(1), message(1, 0), change(1), message(3), message(3), message(2), message(2));
    expect(sent).toEqual(['m1', 'c1', 'm2', 'm3']);
  });

  it('takes a change that stands for several revs in the place of all of them', () => {
    const { accept, sent } = delivery();
    accept(change(1), change(6), change(5, { covers: [3, 5] }));
    expect(sent).toEqual(['c1']);
    accept(change(2), change(4));
    expect(sent).toEqual(['c1', 'c2', 'c5(3-5)', 'c6']);
  });

  it('passes on at once what has no place in the order', () => {
    const { accept, sent } = delivery();
    const typing = { envelope: { type: 'typing.started' } as EventEnvelope, hiddenFrom: [] };
    accept(message(2, 0), message(4, 0), typing);
    expect(sent).toEqual(['m2', 'mundefined']);
  });
});

describe('Numbers of which nothing was heard so far', () => {
  it('begin after what changed: a message that is published once more does not follow its change', () => {
    const { accept, sent } = delivery();
    accept(change(7, { seq: 4 }), message(2, 0), message(3, 1), message(4, 1));
    expect(sent).toEqual(['c7']);
    accept(message(5, 7));
    expect(sent).toEqual(['c7', 'm5']);
  });

  it('begin with the first event that has them', () => {
    const { accept, sent } = delivery();
    accept(change(7, { seq: 10 }), message(12), change(8));
    expect(sent).toEqual(['c7', 'm12', 'c8']);
  });

  it('begin after the change that a message names', async () => {
    const { accept, sent } = delivery();
    accept(message(12, 7), change(9));
    expect(sent).toEqual(['m12']);
    accept(change(6), change(8), change(7));
    expect(sent).toEqual(['m12', 'c6', 'c8', 'c9']);
  });
});

describe('A gap that stays open', () => {
  it('is filled from the database, each number by a question of its own', async () => {
    const { accept, sent, asked } = delivery({ messages: [message(2, 0), message(3, 0)], changes: [change(2)] });
    accept(message(1, 0), message(4, 0), change(1), change(3));
    expect(sent).toEqual(['m1', 'c1']);
    await gapWait();
    expect(sent).toEqual(['m1', 'c1', 'c2', 'c3', 'm2', 'm3', 'm4']);
    expect(asked).toEqual(['messages 1-4', 'changes 1-3']);
  });

  it('asks for nothing that keeps nothing back', async () => {
    const { accept, sent, asked } = delivery({ messages: [message(2, 0)] });
    accept(change(1), message(1, 0), message(3, 1));
    await gapWait();
    expect(sent).toEqual(['c1', 'm1', 'm2', 'm3']);
    expect(asked).toEqual(['messages 1-3']);
  });

  it('looks also for the change that a message waits for, and for the message that a change is about', async () => {
    const { accept, sent, asked } = delivery({ messages: [message(2, 0)], changes: [change(2, { seq: 1 })] });
    accept(message(1, 0), change(1), message(3, 2), change(3, { seq: 3 }));
    expect(sent).toEqual(['m1', 'c1']);
    await gapWait();
    expect(sent).toEqual(['m1', 'c1', 'c2', 'm2', 'm3', 'c3']);
    expect(asked).toEqual(['messages 1-3', 'changes 1-3']);
  });

  it('looks on for what the events wait for that it found', async () => {
    const { accept, sent, asked } = delivery({
      messages: [message(2, 0), message(3, 1)],
      changes: [change(2, { seq: 3 }), change(3, { seq: 2 })],
    });
    accept(message(1, 0), change(1), change(4));
    await gapWait();
    expect(sent).toEqual(['m1', 'c1', 'm2', 'm3', 'c2', 'c3', 'c4']);
    expect(asked).toEqual(['changes 1-4', 'messages 1-4']);
  });

  it('gives up messages that do not exist, and asks nobody about it', async () => {
    const { accept, sent, asked } = delivery({ messages: [message(3, 0)] });
    accept(message(1, 0), message(5, 0));
    await gapWait();
    accept(message(4, 0), message(6, 0));
    expect(sent).toEqual(['m1', 'm3', 'm5', 'm6']);
    expect(asked).toEqual(['messages 1-5']);
  });

  it('looks again, and gives nothing up, when the database does not answer', async () => {
    let isAway = true;
    const missedMessages = () =>
      isAway ? Promise.reject(new Error('the engine is away')) : Promise.resolve([message(2, 0)]);
    const { accept, sent } = delivery({ missedMessages });
    accept(message(1, 0), message(3, 0));
    await gapWait();
    await gapWait();
    expect(sent).toEqual(['m1']);
    isAway = false;
    await gapWait();
    expect(sent).toEqual(['m1', 'm2', 'm3']);
  });

  it('asks who is still in the room before it goes past a rev that left no trace, and until it knows', async () => {
    const askedAfter: number[] = [];
    const { accept, sent } = delivery({
      changes: [change(2)],
      recheck: () => {
        askedAfter.push(sent.length);
        return askedAfter.length === 1 ? Promise.reject(new Error('the engine is away')) : Promise.resolve();
      },
    });
    accept(change(1), change(4));
    await gapWait();
    await gapWait();
    expect(sent).toEqual(['c1', 'c2', 'c4']);
    expect(askedAfter).toEqual([2, 2]);
  });

  it('asks who is still in the room before a message leaves whose sender knew of a change without a trace', async () => {
    const { accept, sent, asked } = delivery();
    accept(change(1), message(1, 2));
    expect(sent).toEqual(['c1']);
    await gapWait();
    expect(sent).toEqual(['c1', 'm1']);
    expect(asked).toEqual(['changes 1-3', 'recheck']);
  });

  it('asks no more about a room that was left while it could not be said who is in it', async () => {
    let isAnybodyThere = true;
    let fail: (error: Error) => void = () => undefined;
    const recheck = jest.fn(() => new Promise<void>((_resolve, reject) => (fail = reject)));
    const { accept, sent } = delivery({ listeners: () => isAnybodyThere, recheck });
    accept(change(1), change(4));
    await gapWait();
    expect(recheck).toHaveBeenCalledTimes(1);
    isAnybodyThere = false;
    accept(change(5));
    fail(new Error('the engine is away'));
    await gapWait();
    expect(recheck).toHaveBeenCalledTimes(1);
    expect(sent).toEqual(['c1']);
  });

  it('lets a change leave that comes after it was given up, while nothing later has', async () => {
    const { accept, sent } = delivery();
    accept(change(1), message(1, 3));
    await gapWait();
    accept(change(3), change(2), change(4), message(2, 4));
    expect(sent).toEqual(['c1', 'm1', 'c3', 'c4', 'm2']);
  });

  it('leaves those alone that have not waited long enough', async () => {
    const { accept, sent } = delivery();
    accept(change(1), change(3));
    await jest.advanceTimersByTimeAsync(3);
    accept(change(6));
    await jest.advanceTimersByTimeAsync(3);
    expect(sent).toEqual(['c1', 'c3']);
    accept(change(4), change(5));
    expect(sent).toEqual(['c1', 'c3', 'c4', 'c5', 'c6']);
  });

  it('is closed after one wait, however many holes it has', async () => {
    const { accept, sent } = delivery();
    accept(change(1), message(1, 1), change(4, { seq: 9 }), message(5, 9), change(7), message(7, 5), change(12));
    await gapWait();
    expect(sent).toEqual(expect.arrayContaining(['c4', 'm5', 'c7', 'm7', 'c12']));
  });

  it('is not waited for by a message and a change that wait for each other', async () => {
    const { accept, sent } = delivery();
    accept(change(1), message(1, 1), change(2, { seq: 2 }), message(2, 2));
    await gapWait();
    expect(sent).toEqual(['c1', 'm1', 'c2', 'm2']);
  });

  it('holds a bounded number, and looks for the rest when the gap is closed', async () => {
    const messages = Array.from({ length: 1_500 }, (_, at) => message(at + 1, 0));
    const { accept, sent } = delivery({ messages });
    accept(messages[0]!, ...messages.slice(2));
    expect(sent).toEqual(['m1']);
    await gapWait();
    expect(sent).toEqual(messages.map(({ envelope: { seq } }) => `m${seq}`));
  });

  it('looks for what it could not hold also when the gap closes by itself', async () => {
    const messages = Array.from({ length: 1_500 }, (_, at) => message(at + 1, 0));
    const { accept, sent } = delivery({ messages });
    accept(messages[0]!, ...messages.slice(2), messages[1]!);
    expect(sent).toHaveLength(1_002);
    await gapWait();
    expect(sent).toEqual(messages.map(({ envelope: { seq } }) => `m${seq}`));
  });
});

describe('An event that stands for others', () => {
  it('says so when it was found, and shows the message as both left it', async () => {
    const { accept, sent, asked } = delivery({ changes: [change(3, { baseRev: 2 })] });
    accept(change(1), change(4));
    await gapWait();
    expect(sent).toEqual(['c1', 'c3(2-3)', 'c4']);
    expect(asked).toEqual(['changes 1-4']);
  });

  it('says so when it was held', async () => {
    const { accept, sent, asked } = delivery();
    accept(change(1), change(3, { baseRev: 2 }));
    await gapWait();
    expect(sent).toEqual(['c1', 'c3(2-3)']);
    expect(asked).toEqual(['changes 1-3']);
  });

  it('stands for a run of revs, each of which a later event shows', async () => {
    const changes = [change(4, { baseRev: 2 }), change(6, { baseRev: 3 })];
    const { accept, sent } = delivery({ changes });
    accept(change(1), change(7));
    await gapWait();
    expect(sent).toEqual(['c1', 'c4(2-4)', 'c6', 'c7']);
  });

  it('does not stand for what lies before a rev without a trace', async () => {
    const changes = [change(5, { baseRev: 4 }), change(7, { baseRev: 2 })];
    const { accept, sent, asked } = delivery({ changes });
    accept(change(1), change(8));
    await gapWait();
    expect(sent).toEqual(['c1', 'c5(4-5)', 'c7', 'c8']);
    expect(asked).toEqual(['changes 1-8', 'recheck']);
  });
});

describe('Sockets that come into a room', () => {
  it('find what was published while they were on their way', async () => {
    const { ordered, accept, sent } = delivery({ messages: [message(4, 3), message(5, 5)], changes: [change(5)] });
    ordered.begin(room, { seq: 3, rev: 4 });
    await gapWait();
    accept(message(6, 0), change(6));
    expect(sent).toEqual(['m4', 'c5', 'm5', 'm6', 'c6']);
  });

  it('cost one question when the conversation has no messages', async () => {
    const { ordered, asked } = delivery();
    ordered.begin(room, { seq: 0, rev: 0 });
    await gapWait();
    expect(asked).toEqual([`messages 0-${Number.MAX_SAFE_INTEGER}`]);
  });

  it('hear what the process heard before they were in, though the database knows nothing of it', async () => {
    let isAnybodyThere = false;
    const { ordered, accept, sent } = delivery({ listeners: () => isAnybodyThere, changes: [change(5)] });
    accept(change(4), change(3), message(8, 3), message(7), change(6));
    expect(ordered.hasUnheard(room, { seq: 8, rev: 5 })).toBe(true);
    expect(ordered.hasUnheard(room, { seq: 7, rev: 6 })).toBe(true);
    expect(ordered.hasUnheard(room, { seq: 8, rev: 6 })).toBe(false);
    isAnybodyThere = true;
    ordered.begin(room, { seq: 7, rev: 3 });
    expect(sent).toEqual(['c4', 'm8']);
    await gapWait();
    expect(sent).toEqual(['c4', 'm8', 'c5', 'c6']);
  });

  it('begin before the first event, also when that comes late', async () => {
    const { ordered, accept, sent } = delivery({ messages: [message(1, 0), message(2, 0)] });
    ordered.begin(room, { seq: 0, rev: 0 });
    accept(message(3, 0));
    await gapWait();
    expect(sent).toEqual(['m1', 'm2', 'm3']);
  });

  it('begin the number of which nothing was heard, and leave the other as it is', async () => {
    const { ordered, accept, sent } = delivery({ messages: [message(6, 0)] });
    accept(change(4));
    ordered.begin(room, { seq: 5, rev: 2 });
    accept(message(7, 0), change(5));
    expect(sent).toEqual(['c4', 'c5']);
    await gapWait();
    expect(sent).toEqual(['c4', 'c5', 'm6', 'm7']);
  });

  it('know of each number whether the room is behind it', () => {
    const { ordered, accept } = delivery();
    expect(ordered.isBehind(room, { seq: 9, rev: 9 })).toBe(false);
    accept(change(4), message(3, 4));
    expect(ordered.left(room)).toEqual({ seq: 3, rev: 4 });
    expect(ordered.isBehind(room, { seq: 3, rev: 4 })).toBe(false);
    expect(ordered.isBehind(room, { seq: 4, rev: 4 })).toBe(true);
    expect(ordered.isBehind(room, { seq: 3, rev: 5 })).toBe(true);
  });
});

describe('A room', () => {
  it('sends what it holds when it ends, and begins anew', () => {
    const { ordered, accept, sent } = delivery();
    accept(change(1), message(1, 1), change(5, { seq: 7 }), message(6, 4), change(3));
    ordered.finish(room);
    expect(sent).toEqual(['c1', 'm1', 'c3', 'm6', 'c5']);
    accept(message(2), change(2));
    expect(sent.slice(5)).toEqual(['m2', 'c2']);
  });

  it('keeps nothing where nobody listens', () => {
    let listening = false;
    const { accept, sent } = delivery({ listeners: () => listening });
    accept(message(1, 0), change(1));
    listening = true;
    accept(message(9, 9), change(10));
    expect(sent).toEqual(['m9', 'c10']);
  });

  it('has been heard of as far as its events say, also where nobody listens', () => {
    const { ordered, accept } = delivery({ listeners: () => false });
    expect(ordered.heard(room)).toEqual({ seq: 0, rev: 0 });
    accept(message(4, 2), message(3, 0));
    expect(ordered.heard(room)).toEqual({ seq: 4, rev: 2 });
    accept(change(7, { seq: 9 }));
    expect(ordered.heard(room)).toEqual({ seq: 4, rev: 7 });
  });
});

describe('rooms', () => {
  it.each(['', undefined, 'x', 'c:0123456789abcdef01234567', null])('has none for %j', (id) => {
    expect(() => conversationRoom(tenant, id as string)).toThrow('There is no room');
    expect(() => userRoom(tenant, id as string)).toThrow('There is no room');
  });
});
