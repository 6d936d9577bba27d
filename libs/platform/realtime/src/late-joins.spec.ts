import { ANNA, BEN, CARL, Cluster, CONVERSATION, ctx, missedMessage } from './cluster.fixture';
import type { MissedEvent } from './ports';

let cluster: Cluster;
beforeEach(() => {
  jest.useFakeTimers();
  cluster = new Cluster();
});
afterEach(() => {
  cluster.close();
  jest.useRealTimers();
});

const soon = () => jest.advanceTimersByTimeAsync(5);

describe('Sockets that this process hears of late', () => {
  it('are sent what it published before', async () => {
    const one = cluster.add([ANNA, BEN]);
    one.change(1);
    one.message(1, 1);
    one.realtime.join(ctx, [ANNA, BEN], CONVERSATION, { seq: 0, rev: 0 });
    await soon();
    expect(one.of(ANNA)).toEqual(['c1', 'm1']);
    expect(one.of(BEN)).toEqual(['c1', 'm1']);
  });

  it('are not, when their user was removed meanwhile', async () => {
    const one = cluster.add([ANNA, BEN], { members: [ANNA] });
    one.change(1);
    void one.realtime.leave(ctx, [BEN], CONVERSATION);
    one.realtime.join(ctx, [ANNA, BEN], CONVERSATION, { seq: 0, rev: 0 });
    await soon();
    one.change(2);
    expect(one.of(ANNA)).toEqual(['c1', 'c2']);
    expect(one.of(BEN)).toEqual([]);
  });
});

describe('Sockets that come into a room', () => {
  /** A process where Anna is in the room, and messages up to the fifth have left. */
  function busy(missedMessages: (after: number, before: number) => Promise<MissedEvent[]>) {
    const one = cluster.add([ANNA, CARL], {
      missedMessages: (_tenantId, _id, after, before) => missedMessages(after, before),
    });
    one.connect(ANNA);
    one.change(1);
    for (const seq of [1, 2, 3, 4, 5]) one.message(seq, 1);
    return one;
  }

  /** The database answers when it is told to. */
  function pending() {
    const asked: number[][] = [];
    let answer: (found: MissedEvent[]) => void = () => undefined;
    const ask = (...span: number[]) => {
      asked.push(span);
      return new Promise<MissedEvent[]>((resolve) => (answer = resolve));
    };
    return { ask, asked, answer: (found: MissedEvent[]) => (answer(found), soon()) };
  }

  it('are sent the messages of theirs that have left it, before later ones, and nobody waits for them', async () => {
    const { ask, asked, answer } = pending();
    const one = busy(ask);
    one.realtime.join(ctx, [CARL], CONVERSATION, { seq: 3, rev: 1 });
    one.change(2);
    one.message(6, 2);
    expect(one.of(ANNA).slice(-2)).toEqual(['c2', 'm6']);
    expect(one.of(CARL)).toEqual([]);
    await answer([missedMessage(4), missedMessage(5)]);
    one.message(7, 2);
    expect(asked).toEqual([[3, 6]]);
    expect(one.of(CARL)).toEqual(['m4', 'm5', 'c2', 'm6', 'm7']);
    expect(one.of(ANNA)).toEqual(['c1', 'm1', 'm2', 'm3', 'm4', 'm5', 'c2', 'm6', 'm7']);
  });

  it('are sent none of those from before they came, also when these leave later', async () => {
    const one = busy(() => Promise.resolve([]));
    one.message(8, 4);
    one.realtime.join(ctx, [CARL], CONVERSATION, { seq: 7, rev: 3 });
    one.change(3);
    one.change(2);
    one.message(7, 3);
    one.message(6, 3);
    one.change(4);
    await soon();
    expect(one.of(CARL)).toEqual(['c4', 'm8']);
    expect(one.of(ANNA).slice(6)).toEqual(['c2', 'c3', 'm6', 'm7', 'c4', 'm8']);
  });

  it('are told of a message that is hidden from them by its place alone', async () => {
    const one = busy(() => Promise.resolve([missedMessage(4, [CARL]), missedMessage(5)]));
    one.realtime.join(ctx, [CARL], CONVERSATION, { seq: 3, rev: 1 });
    one.message(6, 1, { hiddenFrom: [CARL] });
    await soon();
    one.message(7, 1, { hiddenFrom: [CARL] });
    one.change(2, { hiddenFrom: [CARL], covers: [2, 2] });
    expect(one.of(CARL)).toEqual(['hm4', 'm5', 'hm6', 'hm7', 'hc2(2-2)']);
  });

  it('come in when the database does not answer, with a gap that their client sees', async () => {
    const one = busy(() => Promise.reject(new Error('the engine is away')));
    one.realtime.join(ctx, [CARL], CONVERSATION, { seq: 3, rev: 1 });
    one.message(6, 1);
    await soon();
    one.message(7, 1);
    expect(one.of(CARL)).toEqual(['m6', 'm7']);
  });

  it('come in when more leaves the room than can be kept for them', async () => {
    const { ask, answer } = pending();
    const one = busy(ask);
    one.realtime.join(ctx, [CARL], CONVERSATION, { seq: 3, rev: 1 });
    for (let seq = 6; seq < 1_106; seq += 1) one.message(seq, 1);
    expect(one.of(CARL)).toHaveLength(1_100);
    await answer([missedMessage(4), missedMessage(5)]);
    expect(one.of(CARL)).toHaveLength(1_100);
  });

  it('do not come in when their user leaves meanwhile', async () => {
    const { ask, answer } = pending();
    const one = busy(ask);
    one.realtime.join(ctx, [CARL], CONVERSATION, { seq: 3, rev: 1 });
    void one.realtime.leave(ctx, [CARL], CONVERSATION);
    await answer([missedMessage(4), missedMessage(5)]);
    one.message(6, 1);
    expect(one.of(CARL)).toEqual([]);
    expect(one.isInRoom(CARL)).toBe(false);
  });

  it('are not looked for when they are in it, or elsewhere', () => {
    const { ask, asked } = pending();
    const one = busy(ask);
    one.connect(CARL);
    one.realtime.join(ctx, [CARL, BEN], CONVERSATION, { seq: 3, rev: 1 });
    expect(asked).toEqual([]);
  });

  it('hear the last events of a conversation that closes meanwhile', () => {
    const { ask } = pending();
    const one = busy(ask);
    one.realtime.join(ctx, [CARL], CONVERSATION, { seq: 3, rev: 1 });
    one.change(2);
    void one.realtime.close(ctx, CONVERSATION);
    one.change(3);
    expect(one.of(CARL)).toEqual(['c2']);
    expect(one.isInRoom(CARL)).toBe(false);
  });
});

describe('The word that a user comes, which comes later than the change by which they came', () => {
  it.each([
    ['lets the user in who is still a member', [ANNA, BEN], ['c4', 'c5', 'm1']],
    ['keeps the user out who was removed since', [ANNA], []],
  ])('%s', async (_what, members, told) => {
    const one = cluster.add([ANNA, BEN], { members });
    one.connect(ANNA);
    one.change(2);
    one.change(3);
    one.realtime.join(ctx, [BEN], CONVERSATION, { seq: 0, rev: 1 });
    one.change(4);
    await soon();
    one.change(5);
    one.message(1, 5);
    expect(one.of(BEN)).toEqual(told);
    expect(one.of(ANNA)).toEqual(['c2', 'c3', 'c4', 'c5', 'm1']);
  });
});

describe('A user of whose removal nobody was told', () => {
  it('hears none of the messages whose senders knew of it', async () => {
    const one = cluster.add([ANNA, BEN], { members: [ANNA] });
    one.connect(ANNA, BEN);
    one.change(1);
    one.message(1, 1);
    one.message(2, 2);
    await jest.advanceTimersByTimeAsync(200);
    expect(one.of(ANNA)).toEqual(['c1', 'm1', 'm2']);
    expect(one.of(BEN)).toEqual(['c1', 'm1']);
  });

  it('is kept from coming into the room, too', async () => {
    let answer: (found: MissedEvent[]) => void = () => undefined;
    const missedMessages = () => new Promise<MissedEvent[]>((resolve) => (answer = resolve));
    const one = cluster.add([ANNA, CARL], { members: [ANNA], missedMessages });
    one.connect(ANNA);
    one.change(1);
    one.message(1, 1);
    one.realtime.join(ctx, [CARL], CONVERSATION, { seq: 0, rev: 1 });
    one.change(3);
    await jest.advanceTimersByTimeAsync(200);
    answer([missedMessage(1)]);
    await soon();
    expect(one.of(ANNA)).toEqual(['c1', 'm1', 'c3']);
    expect(one.of(CARL)).toEqual([]);
  });
});
