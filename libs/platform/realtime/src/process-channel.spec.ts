import type { RedisConnections } from '#caas/platform/redis';
import type { Log } from '#caas/platform/logging';
import { Cluster } from './cluster.fixture';
import { ProcessChannel } from './process-channel';

let cluster: Cluster;
beforeEach(() => {
  jest.useFakeTimers();
  cluster = new Cluster();
});
afterEach(() => {
  for (const channel of made.splice(0)) channel.onApplicationShutdown();
  jest.useRealTimers();
});
const made: ProcessChannel[] = [];

const told = () => jest.advanceTimersByTimeAsync(10);

function channels(count: number): [ProcessChannel, ...ProcessChannel[]] {
  const added = Array.from({ length: count }, () => {
    const channel = new ProcessChannel(cluster.redis as unknown as RedisConnections, cluster.log as unknown as Log);
    void channel.onModuleInit();
    return channel;
  });
  made.push(...added);
  return added as [ProcessChannel, ...ProcessChannel[]];
}

describe('ProcessChannel', () => {
  it('tells the listeners of a topic on every other process, in order, and none of this one', async () => {
    const [one, ...others] = channels(3);
    const heard: unknown[][] = [[], [], []];
    for (const [at, channel] of [one, ...others].entries()) channel.on('topic', (payload) => heard[at]!.push(payload));
    others[0]!.on('another', () => heard[1]!.push('of another topic'));
    one.tell('topic', { text: 'with | and "quotes"', none: undefined });
    one.tell('topic', [2]);
    await told();
    const all = [{ text: 'with | and "quotes"' }, [2]];
    expect(heard).toEqual([[], all, all]);
  });

  it('confirms when the listeners of every other process have returned, and where there is none', async () => {
    const [one, other] = channels(2);
    const events: string[] = [];
    other!.on('topic', () => events.push('heard'));
    void one.tellAndConfirm('topic', 1).then(() => events.push('confirmed'));
    await told();
    expect(events).toEqual(['heard', 'confirmed']);
    void one.tellAndConfirm('nobody listens', 1).then(() => events.push('confirmed too'));
    await told();
    expect(events.at(-1)).toBe('confirmed too');
  });

  it('goes on after what it could not use, says so, and confirms it', async () => {
    const [one, other] = channels(2);
    const heard: unknown[] = [];
    other!.on('topic', (payload: { deep: { text: string } }) => heard.push(payload.deep.text));
    let isConfirmed = false;
    void one.tellAndConfirm('topic', 'of another shape').then(() => (isConfirmed = true));
    one.tell('topic', { deep: { text: 'as usual' } });
    await told();
    expect([isConfirmed, heard]).toEqual([true, ['as usual']]);
    expect(cluster.errors).toMatchObject([{ topic: 'topic', err: expect.any(TypeError) as Error }]);
  });

  it('waits for a process that Redis does not count because its connection is just coming back, for a second at most', async () => {
    const [one, other] = channels(3);
    await told();
    const subscribeAgain = cluster.redis.cut(1);
    const events: string[] = [];
    other!.onReturn(() => events.push('returned'));
    void one.tellAndConfirm('topic', 1).then(() => events.push('answered'));
    await jest.advanceTimersByTimeAsync(900);
    expect([events, other!.isListening]).toEqual([[], false]);
    await jest.advanceTimersByTimeAsync(100);
    expect(events).toEqual(['answered']);
    subscribeAgain();
    await told();
    expect([events, other!.isListening]).toEqual([['answered', 'returned'], true]);
    void one.tellAndConfirm('topic', 1).then(() => events.push('confirmed'));
    await told();
    expect(events.at(-1)).toBe('confirmed');
  });

  it('waits for no process that has said that it ends, nor for one that was not heard for long', async () => {
    const [one, leaving, dead] = channels(3);
    await told();
    leaving!.onModuleDestroy();
    leaving!.tell('topic', 'its last word');
    await told();
    cluster.redis.cut(1);
    cluster.redis.cut(2);
    const answered: string[] = [];
    void one.tellAndConfirm('topic', 1).then(() => answered.push('at first'));
    await jest.advanceTimersByTimeAsync(900);
    expect(answered).toEqual([]);
    dead!.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(10_000);
    void one.tellAndConfirm('topic', 1).then(() => answered.push('later'));
    await told();
    expect(answered).toEqual(['at first', 'later']);
  });

  it('does not wait for a process that ends, though it goes on telling until its clients are gone', async () => {
    const [one, leaving] = channels(2);
    await told();
    leaving!.onModuleDestroy();
    leaving!.tell('topic', 'its last word');
    await told();
    cluster.redis.cut(1);
    let isAnswered = false;
    void one.tellAndConfirm('topic', 1).then(() => (isAnswered = true));
    await told();
    expect(isAnswered).toBe(true);
  });
});
