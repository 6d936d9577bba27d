import { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { conversations, type Conversation } from '#caas/domain/conversations';
import { ConversationHeads } from './conversation-heads';
import { stampNow } from './stamp';

const TRUST_MS = 1_000;
const id = new ObjectId();

/** A conversation, and a process that asks for its head. */
function aConversation({ hot, row }: { hot: number[]; row: Partial<Conversation> }) {
  const state = {
    hot,
    row: { _id: id, rev: 0, last_seq: 0, archive_version: null, archived_seq: null, ...row },
    heard: { seq: 0, rev: 0 },
  };
  const asked: string[] = [];
  let afterFirst: () => void = () => undefined;
  const rows = {
    find: () => {
      asked.push('row');
      return Promise.resolve([state.row]);
    },
  };
  const newest = {
    find: () => {
      asked.push('newest');
      const seq = Math.max(0, ...state.hot);
      afterFirst();
      return Promise.resolve(seq > 0 ? [{ seq }] : []);
    },
  };
  const ctx = {
    tenantId: 'clnt_abcdef',
    repository: (collection: unknown) => (collection === conversations ? rows : newest),
  } as unknown as RequestContext;
  const nothing = { note: () => undefined, learn: () => undefined };
  const realtime = { heard: () => state.heard };
  const heads = new ConversationHeads(nothing as never, nothing as never, realtime as never, {
    ARCHIVE_TRUST: TRUST_MS,
  });
  const headOf = async () => (await heads.of(ctx, [id])).get(id.toHexString())!;
  return { ctx, heads, headOf, state, asked, onFirst: (work: () => void) => (afterFirst = work) };
}

describe('ConversationHeads', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('is never too low when messages are archived and pruned between its two questions', async () => {
    const { headOf, state, asked, onFirst } = aConversation({ hot: [1, 2, 3], row: {} });
    onFirst(() => {
      state.hot = [];
      state.row = { ...state.row, archive_version: 1, archived_seq: 3 };
    });
    expect(await headOf()).toMatchObject({ seq: 3, hasArchive: true });
    expect(asked).toEqual(['newest', 'row']);
  });

  it('counts what is archived where nothing is hot, and never what the row has folded', async () => {
    const archived = aConversation({ hot: [], row: { archive_version: 2, archived_seq: 7, last_seq: 9 } });
    expect((await archived.headOf()).seq).toBe(7);
    expect((await aConversation({ hot: [1, 2], row: { last_seq: 1 } }).headOf()).seq).toBe(2);
  });

  it('is remembered for half of the trust, and an insert that succeeded renews the number', async () => {
    const { ctx, heads, headOf, asked } = aConversation({ hot: [4], row: {} });
    await headOf();
    jest.advanceTimersByTime(TRUST_MS / 2 - 10);
    heads.used(ctx, id, 5, stampNow());
    expect((await headOf()).seq).toBe(5);
    expect(asked).toEqual(['newest', 'row']);
    jest.advanceTimersByTime(20);
    // The row is asked for again; the number is as young as the insert.
    expect((await headOf()).seq).toBe(5);
    expect(asked).toEqual(['newest', 'row', 'row']);
  });

  it('is not trusted for longer by either clock', () => {
    const { heads } = aConversation({ hot: [], row: {} });
    const now = stampNow();
    expect(heads.isTrusted(now)).toBe(true);
    expect(heads.isTrusted({ ...now, monotonicMs: now.monotonicMs - TRUST_MS - 1 })).toBe(false);
    expect(heads.isTrusted({ ...now, wallMs: now.wallMs - TRUST_MS - 1 })).toBe(false);
  });

  it('is raised by what other processes have published', async () => {
    const { headOf, state } = aConversation({ hot: [4], row: { rev: 2 } });
    await headOf();
    state.heard = { seq: 9, rev: 5 };
    expect(await headOf()).toMatchObject({ seq: 9, rev: 5 });
  });
});
