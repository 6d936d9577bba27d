import type { RedisConnections } from '#caas/platform/redis';
import type { Log } from '#caas/platform/logging';
import { Cluster } from './cluster.fixture';
import { ProcessChannel } from './process-channel';

let cluster: Cluster;
beforeEach(() => {
  jest.useFakeTimers();
  cluster = new Cluster();
});
afterEach(() => jest.useRealTimers());

const told = () => jest.advanceTimersByTimeAsync(10);

function channels(count: number): [ProcessChannel, ...ProcessChannel[]] {
  const made = Array.from({ length: count }, () => {
    const channel = new ProcessChannel(cluster.redis as unknown as RedisConnections, cluster.log as unknown as Log);
    channel.onModuleInit();
    return channel;
  });
  return made as [ProcessChannel, ...ProcessChannel[]];
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
    expect(jest.getTimerCount()).toBe(0);
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
});
