import { ObjectId } from 'bson';
import type { CaasError, RequestContext } from '#caas/kernel';
import type { Message } from '../store/message.schema';
import type { PreparedMessage } from './prepared-message';
import { MessageBatcher } from './message-batcher';
import { MessageInserter, type Settle } from './message-inserter';
import { SendsWithChanges } from './sends-with-changes';
import { keyOf } from './sent-message-lookup';

type Messages = Map<string, Message>;

/** Stores like the real one, in memory. What it does with a group first, a test may say. */
class MemoryInserter extends MessageInserter {
  readonly groups: string[][] = [];
  before: (drafts: PreparedMessage[]) => Promise<void> | void = () => undefined;
  /** Drafts of which another process takes the number. */
  isTaken: (draft: PreparedMessage) => boolean = () => false;
  private readonly numbers = new Map<string, number>();

  constructor(readonly stored: Messages) {
    const unused = undefined as never;
    super(unused, unused, unused, unused, unused, unused);
  }

  override async insert(_ctx: RequestContext, drafts: PreparedMessage[], settle: Settle): Promise<PreparedMessage[]> {
    this.groups.push(drafts.map(({ client_message_id }) => client_message_id));
    await new Promise(setImmediate);
    await this.before(drafts);
    const taken: PreparedMessage[] = [];
    for (const draft of drafts) {
      const conversation = draft.conversation_id.toHexString();
      const found = this.stored.get(keyOf(draft));
      if (found) settle(draft, { found });
      else if (this.isTaken(draft)) taken.push(draft);
      else {
        const seq = (this.numbers.get(conversation) ?? 0) + 1;
        this.numbers.set(conversation, seq);
        const stored = { ...draft, seq, rev: 0 } as unknown as Message;
        this.stored.set(keyOf(draft), stored);
        settle(draft, { stored });
      }
    }
    return taken;
  }
}

/** Sends that change something else: each for itself, in memory. */
class MemoryChanges extends SendsWithChanges {
  readonly sends: string[] = [];

  constructor(private readonly stored: Messages) {
    const unused = undefined as never;
    super(unused, unused, unused, unused, unused, unused, unused, unused);
  }

  override async send(_ctx: RequestContext, draft: PreparedMessage) {
    this.sends.push(draft.client_message_id);
    await new Promise(setImmediate);
    const stored = { ...draft, seq: 1, rev: 0 } as unknown as Message;
    this.stored.set(keyOf(draft), stored);
    return { stored, root: null };
  }
}

const sender = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };
const contextOf = (tenantId: string) => ({ tenantId }) as RequestContext;
const ctx = contextOf('clnt_abcdef');

function aDraft(client_message_id: string, conversation_id: ObjectId, text = client_message_id): PreparedMessage {
  return {
    _id: new ObjectId(),
    conversation_id,
    sender,
    client_message_id,
    request_hash: text,
    text,
  } as PreparedMessage;
}

describe('MessageBatcher', () => {
  let stored: Messages;
  let inserter: MemoryInserter;
  let changes: MemoryChanges;
  let losses: number[];
  let batcher: MessageBatcher;
  let room: ObjectId;
  let other: ObjectId;
  beforeEach(() => {
    stored = new Map();
    losses = [];
    inserter = new MemoryInserter(stored);
    changes = new MemoryChanges(stored);
    const contention = { pauseMs: () => 0, lost: (...[, , count]: [unknown, unknown, number]) => losses.push(count) };
    batcher = new MessageBatcher(inserter, changes, undefined as never, contention as never);
    [room, other] = [new ObjectId(), new ObjectId()];
  });

  const send = (id: string, conversation = room, text?: string) =>
    batcher.submit(ctx, aDraft(id, conversation, text), true).then(
      ({ message, replayed }) => ({ id: message.client_message_id, seq: message.seq, replayed }),
      (error: Error) => error,
    );
  const codeOf = (answer: unknown) => (answer as CaasError).code;
  const seqsOf = (answers: (Error | { seq: number })[]) => answers.map((answer) => 'seq' in answer && answer.seq);

  it('inserts at once when idle, and all that gathered meanwhile together', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => send(`m${n}`)));
    expect(inserter.groups.map(({ length }) => length)).toEqual([1, 39]);
    expect(seqsOf(answers)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  });

  it('has one insert of a conversation under way, and two of a tenant', async () => {
    let free!: () => void;
    const held = new Promise<void>((resolve) => (free = resolve));
    inserter.before = () => held;
    const rooms = [room, other, new ObjectId()];
    const all = rooms.flatMap((id) => [send(`a${id.toHexString()}`, id), send(`b${id.toHexString()}`, id)]);
    await new Promise(setImmediate);
    expect(inserter.groups.map(({ length }) => length)).toEqual([1, 1]);
    free();
    await Promise.all(all);
    expect(stored.size).toBe(6);
  });

  it('lets no group grow without end', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, n) => send(`m${n}`)));
    expect(Math.max(...inserter.groups.map(({ length }) => length))).toBe(64);
    expect(stored.size).toBe(200);
  });

  it('never puts two tenants into one group', async () => {
    await Promise.all(
      ['clnt_abcdef', 'clnt_fedcba'].flatMap((tenantId) =>
        Array.from({ length: 5 }, (_, n) =>
          batcher.submit(contextOf(tenantId), aDraft(`${tenantId}:${n}`, new ObjectId()), true),
        ),
      ),
    );
    for (const group of inserter.groups) expect(new Set(group.map((id) => id.split(':')[0])).size).toBe(1);
  });

  it('stores one of the same sends at the same moment, and answers all with it', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => send('same')));
    expect(stored.size).toBe(1);
    expect(answers.filter((answer) => 'replayed' in answer && answer.replayed)).toHaveLength(9);
    expect(codeOf(await send('same', room, 'another text'))).toBe('idempotency_mismatch');
  });

  it('goes on with a conversation that others write to by itself, in its order', async () => {
    let lost = 0;
    inserter.isTaken = ({ conversation_id }) => conversation_id.equals(room) && (lost += 1) <= 6;
    const hot = ['h1', 'h2', 'h3'].map((id) => send(id, room));
    const cold = await Promise.all([send('c1', other), send('c2', new ObjectId())]);
    expect(seqsOf(cold)).toEqual([1, 1]);
    expect(seqsOf(await Promise.all(hot))).toEqual([1, 2, 3]);
    expect(losses.length).toBeGreaterThan(0);
  });

  it('keeps the order of plain messages and others of a conversation', async () => {
    const order: string[] = [];
    const sent = (id: string, isPlain: boolean) =>
      batcher.submit(ctx, aDraft(id, room), isPlain).then(() => order.push(id));
    await Promise.all([sent('a', true), sent('reply', false), sent('b', true), sent('c', true)]);
    expect(order).toEqual(['a', 'reply', 'b', 'c']);
    expect(changes.sends).toEqual(['reply']);
  });

  it('tells everybody of a group that cannot be written', async () => {
    inserter.before = () => Promise.reject(new Error('away'));
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => send(`m${n}`)));
    expect(answers.every((answer) => answer instanceof Error && answer.message === 'away')).toBe(true);
    expect(inserter.groups.length).toBe(2);
  });

  it('says so when more wait than it can soon store', async () => {
    let free!: () => void;
    const held = new Promise<void>((resolve) => (free = resolve));
    inserter.before = () => held;
    const waiting = Array.from({ length: 5_001 }, (_, n) => send(`m${n}`));
    expect(await send('one too many')).toMatchObject({ kind: 'unavailable', code: 'too_many_sends' });
    free();
    await Promise.all(waiting);
    expect(stored.size).toBe(5_001);
  });
});
