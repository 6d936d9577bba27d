import { ObjectId } from 'bson';
import { FoldConversationsProcessor } from './fold-conversations.processor';

const TENANT = { id: 'clnt_abcdef' };
const id = new ObjectId().toHexString();
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const aMessage = (seq: number, created_at: string, hiddenFrom: string[] = []) => ({
  envelope: { data: { seq, created_at } },
  afterRev: 3,
  hiddenFrom,
});

/** A worker, and a process that died and left one conversation. */
function workerAfter(missed: ReturnType<typeof aMessage>[]) {
  const published: { seq: number; afterRev: number; hiddenFrom: string[] }[] = [];
  const asked: unknown[][] = [];
  const cleared: string[] = [];
  const dirty = {
    lapsed: () => Promise.resolve(['dead']),
    left: () => Promise.resolve([`${TENANT.id}:${id}`, 'nonsense']),
    clear: (_process: string, key: string) => Promise.resolve(cleared.push(key)),
    forget: () => Promise.resolve(),
  };
  const directory = { find: () => Promise.resolve(TENANT), list: () => Promise.resolve([]) };
  const young = { seq: 9, created_at: new Date(ago(1_000)) };
  const rows = { find: () => Promise.resolve([{ seq: 7, created_at: new Date(ago(10 * 60_000)) }, young]) };
  const contexts = { open: () => ({ tenantId: TENANT.id, repository: () => rows }) };
  const verified: unknown[] = [];
  const late = {
    verified: (_ctx: unknown, _id: unknown, stored: unknown[]) => {
      verified.push(...stored);
      return Promise.resolve([]);
    },
  };
  const folds = { fold: () => Promise.resolve({ last_seq: 9 }) };
  const feed = {
    missedMessages: (...question: unknown[]) => {
      asked.push(question);
      return Promise.resolve(missed);
    },
  };
  const realtime = {
    publish: (...[, , event]: [unknown, unknown, (typeof published)[number]]) => published.push(event),
  };
  const parts = [contexts, directory, folds, dirty, late, feed, realtime] as never[];
  const [a, b, c, d, e, f, g] = parts as [never, never, never, never, never, never, never];
  return { processor: new FoldConversationsProcessor(a, b, c, d, e, f, g), verified, young, published, asked, cleared };
}

describe('What a process that died has left', () => {
  it('is told, of the last two minutes, and to nobody who may not read it', async () => {
    const late = new ObjectId().toHexString();
    const missed = [aMessage(7, ago(10 * 60_000)), aMessage(8, ago(5_000), [late]), aMessage(9, ago(1_000))];
    const { processor, verified, young, published, asked, cleared } = workerAfter(missed);
    expect(await processor.handle()).toBe('2 conversations were left by processes that died');
    expect(asked).toEqual([[TENANT.id, id, -191, 10]]);
    expect(published).toMatchObject([
      { type: 'message.created', seq: 8, afterRev: 3, hiddenFrom: [late] },
      { type: 'message.created', seq: 9, afterRev: 3, hiddenFrom: [] },
    ]);
    expect(cleared).toHaveLength(2);
    expect(verified).toEqual([young]);
  });
});
