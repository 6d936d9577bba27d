import { ANNA, BEN, Cluster, CONVERSATION, ctx, TENANT } from './cluster.fixture';

let cluster: Cluster;
beforeEach(() => {
  jest.useFakeTimers();
  cluster = new Cluster();
});
afterEach(() => {
  cluster.close();
  jest.useRealTimers();
});

/** A turn, and the way to the other processes. */
const told = () => jest.advanceTimersByTimeAsync(3);

describe('What is published', () => {
  it('reaches the sockets of every process, in order, without what is for the processes alone', async () => {
    const [one, other] = [cluster.add([ANNA]), cluster.add([BEN])];
    one.connect(ANNA);
    other.connect(BEN);
    one.change(1, { baseRev: 0 });
    one.message(1, 1);
    one.message(2, 1);
    await told();
    expect(one.of(ANNA)).toEqual(['c1', 'm1', 'm2']);
    expect(other.of(BEN)).toEqual(['c1', 'm1', 'm2']);
    for (const envelope of [...one.envelopes, ...other.envelopes])
      expect(Object.keys(envelope)).not.toEqual(expect.arrayContaining([expect.stringMatching(/afterRev|baseRev/)]));
    expect(Object.keys(other.envelopes[1]!)).toEqual(['id', 'type', 'at', 'conversation_id', 'seq', 'data']);
  });

  it('waits on each process for the change that its sender knew of', async () => {
    const [one, other, third] = [cluster.add([ANNA]), cluster.add([]), cluster.add([])];
    one.connect(ANNA);
    one.change(1);
    other.message(1, 2);
    await told();
    expect(one.of(ANNA)).toEqual(['c1']);
    third.change(2);
    await told();
    expect(one.of(ANNA)).toEqual(['c1', 'c2', 'm1']);
  });

  it('has been heard of on every process', async () => {
    const [one, other] = [cluster.add([ANNA]), cluster.add([])];
    one.connect(ANNA);
    expect(other.realtime.heard(ctx, CONVERSATION)).toEqual({ seq: 0, rev: 0 });
    one.message(4, 2);
    one.change(3, { seq: 4 });
    expect(one.realtime.heard(ctx, CONVERSATION)).toEqual({ seq: 4, rev: 3 });
    await told();
    expect(other.realtime.heard(ctx, CONVERSATION)).toEqual({ seq: 4, rev: 3 });
  });
});

describe.each(['leave', 'close'] as const)('%s', (what) => {
  const end = ({ realtime }: ReturnType<Cluster['add']>) =>
    what === 'leave' ? realtime.leave(ctx, [BEN], CONVERSATION) : realtime.close(ctx, CONVERSATION);
  const users = what === 'leave' ? [BEN] : null;

  function processes(count: number) {
    const all = Array.from({ length: count }, () => cluster.add([ANNA, BEN]));
    for (const each of all) each.connect(ANNA, BEN);
    return all as [(typeof all)[number], ...typeof all];
  }

  it('is done here at once, and the promise is kept when it is done on every other process', async () => {
    const [one, ...others] = processes(3);
    const events: string[] = [];
    const done = end(one).then(() => events.push(`done, ${others.filter((each) => each.isInRoom(BEN)).length} left`));
    expect(one.isInRoom(BEN)).toBe(false);
    await told();
    await done;
    expect(events).toEqual(['done, 0 left']);
    expect(one.isInRoom(ANNA)).toBe(what === 'leave');
  });

  it('tells those who asked on every process, before the promise is kept', async () => {
    const all = processes(3);
    const events: unknown[] = [];
    for (const { realtime } of all)
      realtime.onRightsEnded((...ended) => {
        events.push(ended);
      });
    const done = end(all[0]).then(() => events.push('done'));
    expect(events).toEqual([[TENANT, CONVERSATION, users]]);
    await told();
    await done;
    expect(events).toEqual([...Array(3).fill([TENANT, CONVERSATION, users]), 'done']);
  });

  it('is neither overtaken by what is published after it, nor overtakes what was published before', async () => {
    const [one, other] = processes(2);
    one.change(1);
    one.message(1, 1);
    void end(one);
    one.message(2, 1);
    await told();
    one.message(3, 1);
    await told();
    expect(other!.of(BEN)).toEqual(['c1', 'm1']);
  });

  it('does not wait longer than a second for a process that does not confirm it', async () => {
    const [one] = processes(2);
    cluster.redis.silent = 1;
    let isDone = false;
    await told();
    const timers = jest.getTimerCount();
    void end(one).then(() => (isDone = true));
    await jest.advanceTimersByTimeAsync(990);
    expect(isDone).toBe(false);
    await jest.advanceTimersByTimeAsync(11);
    expect(isDone).toBe(true);
    expect(jest.getTimerCount()).toBe(timers);
  });

  it('waits for nobody where there is no other process, and for nothing when this one ends', async () => {
    const [one] = processes(1);
    let isDone = false;
    void end(one).then(() => (isDone = true));
    await told();
    expect(isDone).toBe(true);
    cluster.redis.silent = 1;
    isDone = false;
    void end(one).then(() => (isDone = true));
    await told();
    expect(isDone).toBe(false);
    cluster.close();
    await told();
    expect(isDone).toBe(true);
  });
});

describe('A process that did not hear of a removal', () => {
  const removed = async () => {
    const one = cluster.add([ANNA, BEN]);
    const members: string[] = [ANNA, BEN];
    const other = cluster.add([ANNA, BEN], { members });
    for (const each of [one, other]) each.connect(ANNA, BEN);
    await told();
    const subscribeAgain = cluster.redis.cut(1);
    members.pop();
    void one.realtime.leave(ctx, [BEN], CONVERSATION);
    await told();
    expect(other.isInRoom(BEN)).toBe(true);
    return { other, subscribeAgain };
  };

  it('takes the user out as soon as it hears the others again', async () => {
    const { other, subscribeAgain } = await removed();
    subscribeAgain();
    await told();
    expect([other.isInRoom(ANNA), other.isInRoom(BEN)]).toEqual([true, false]);
  });

  it('takes the user out of a room that something is sent to, within two seconds, though it hears nobody', async () => {
    const { other } = await removed();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(other.isInRoom(BEN)).toBe(true);
    other.message(1);
    await jest.advanceTimersByTimeAsync(2_000);
    expect([other.isInRoom(ANNA), other.isInRoom(BEN), other.of(BEN)]).toEqual([true, false, ['m1']]);
    other.message(2);
    await told();
    expect(other.of(BEN)).toEqual(['m1']);
  });
});
