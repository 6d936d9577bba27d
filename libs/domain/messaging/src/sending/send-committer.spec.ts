import { ObjectId } from 'bson';
import { CaasError, DuplicateKeyError, type RequestContext } from '#caas/kernel';
import type { Message } from '../persistence/message.schema';
import { CounterMemory } from './counter-memory';
import type { Draft, SendKey } from './draft';
import { ContendedGroup, GroupWriter, keyOf, type Written } from './group-writer';
import { ModerationCases } from '../moderation/moderation-cases';
import { SendCommitter } from './send-committer';
import { WriteTurns } from './write-turns';

/** Stores like the real writer: a group wholly or not at all. What it does with a group first, a test may say. */
class MemoryWriter extends GroupWriter {
  readonly stored = new Map<string, Message>();
  readonly groups: string[][] = [];
  before: (drafts: Draft[]) => Promise<void> | void = () => undefined;
  after: () => void = () => undefined;
  private readonly counters = new Map<string, number>();

  override async write(_ctx: RequestContext, drafts: Draft[]): Promise<(Written | null)[]> {
    this.groups.push(drafts.map(({ client_message_id }) => client_message_id));
    await new Promise(setImmediate);
    await this.before(drafts);
    if (drafts.some((draft) => this.stored.has(keyOf(draft)))) {
      throw new DuplicateKeyError('messages', ['conversation_id', 'sender.user_id', 'client_message_id']);
    }
    const written = drafts.map((draft) => {
      const conversation = draft.conversation_id.toHexString();
      const seq = (this.counters.get(conversation) ?? 0) + 1;
      this.counters.set(conversation, seq);
      const message = { ...draft, seq, rev: seq } as unknown as Message;
      this.stored.set(keyOf(draft), message);
      return { message, root: null };
    });
    this.after();
    return written;
  }

  override find(_ctx: RequestContext, sends: SendKey[]): Promise<(Message | null)[]> {
    return Promise.resolve(sends.map((send) => this.stored.get(keyOf(send)) ?? null));
  }
}

const sender = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };
const contextOf = (tenantId: string) => ({ tenantId }) as RequestContext;
const ctx = contextOf('clnt_abcdef');

function aDraft(client_message_id: string, conversation_id: ObjectId, text = client_message_id): Draft {
  return { _id: new ObjectId(), conversation_id, sender, client_message_id, request_hash: text, text } as Draft;
}

describe('SendCommitter', () => {
  let writer: MemoryWriter;
  let committer: SendCommitter;
  let room: ObjectId;
  let other: ObjectId;
  beforeEach(() => {
    const unused = null as never;
    writer = new MemoryWriter(new CounterMemory(), new ModerationCases(), unused, unused, unused, unused);
    committer = new SendCommitter(writer, new WriteTurns());
    [room, other] = [new ObjectId(), new ObjectId()];
  });

  const send = (id: string, conversation = room, text?: string) =>
    committer.submit(ctx, aDraft(id, conversation, text)).then(
      ({ message, replayed }) => ({ id: message.client_message_id, seq: message.seq, replayed }),
      (error: Error) => error,
    );
  const codeOf = (answer: unknown) => (answer as CaasError).code;

  it('commits at once when idle, and all that gathered meanwhile together', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => send(`m${n}`)));
    expect(writer.groups.map(({ length }) => length)).toEqual([1, 39]);
    expect(answers.map((answer) => 'seq' in answer && answer.seq)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  });

  it('lets no group grow without end', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, n) => send(`m${n}`)));
    expect(Math.max(...writer.groups.map(({ length }) => length))).toBe(64);
    expect(writer.stored.size).toBe(200);
  });

  it('never puts two tenants into one group', async () => {
    await Promise.all(
      ['clnt_abcdef', 'clnt_fedcba'].flatMap((tenantId) =>
        Array.from({ length: 5 }, (_, n) =>
          committer.submit(contextOf(tenantId), aDraft(`${tenantId}:${n}`, new ObjectId())),
        ),
      ),
    );
    for (const group of writer.groups) expect(new Set(group.map((id) => id.split(':')[0])).size).toBe(1);
  });

  it('stores one of the same sends at the same moment, and answers all with it', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => send('same')));
    expect(writer.stored.size).toBe(1);
    expect(answers.filter((answer) => 'replayed' in answer && answer.replayed)).toHaveLength(9);
    expect(codeOf(await send('same', room, 'another text'))).toBe('idempotency_mismatch');
  });

  it('answers a repeat from the store without holding up the group it came in', async () => {
    await send('old');
    await new Promise(setImmediate);
    writer.groups.length = 0;
    const answers = await Promise.all(['first', 'a', 'old', 'b'].map((id) => send(id)));
    expect(answers.map((answer) => 'replayed' in answer && answer.replayed)).toEqual([false, false, true, false]);
    expect(writer.groups).toEqual([['first'], ['a', 'old', 'b'], ['a', 'b']]);
  });

  it('leaves a send that cannot be written alone with its error', async () => {
    writer.before = (drafts) => {
      if (drafts.some(({ client_message_id }) => client_message_id === 'bad')) throw new Error('cannot be written');
    };
    const ids = ['first', ...Array.from({ length: 30 }, (_, n) => `m${n}`), 'bad'];
    const answers = await Promise.all(ids.map((id) => send(id)));
    expect(answers.filter((answer) => answer instanceof Error)).toEqual([new Error('cannot be written')]);
    expect(writer.stored.size).toBe(31);
    // Halving, not one by one: 32 sends with a bad one among them take some ten transactions.
    expect(writer.groups.length).toBeLessThan(14);
  });

  it('knows its own message again when the answer to the commit was lost', async () => {
    writer.after = () => {
      writer.after = () => undefined;
      throw new Error('the connection broke');
    };
    expect(await send('m')).toEqual({ id: 'm', seq: 1, replayed: false });
  });

  it('tells everybody when the engine is away, without trying each', async () => {
    writer.before = () => Promise.reject(new Error('away'));
    writer.find = () => Promise.reject(new Error('away'));
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => send(`m${n}`)));
    expect(answers.every((answer) => answer instanceof Error && answer.message === 'away')).toBe(true);
    expect(writer.groups.length).toBe(2);
  });

  it('lets a conversation that others write to wait by itself', async () => {
    let free!: () => void;
    const held = new Promise<void>((resolve) => (free = resolve));
    const isHot = ({ conversation_id }: Draft) => conversation_id.equals(room);
    writer.before = async (drafts) => {
      if (!drafts.some(isHot)) return;
      if (!drafts.every(isHot)) throw new ContendedGroup();
      await held;
    };
    const opening = send('opening', other);
    const hot = [send('h1', room), send('h2', room)];
    const cold = [send('c1', other), send('c2', new ObjectId())];
    await Promise.all([opening, ...cold]);
    expect(writer.stored.size).toBe(3);
    const later = [send('h3', room), send('c3', other)];
    await later[1];
    expect(writer.stored.size).toBe(4);
    free();
    const answers = await Promise.all([...hot, later[0]]);
    expect(answers.map((answer) => answer && 'seq' in answer && answer.seq)).toEqual([1, 2, 3]);
  });

  it('says so when more wait than it can soon store', async () => {
    let free!: () => void;
    const held = new Promise<void>((resolve) => (free = resolve));
    writer.before = () => held;
    const waiting = Array.from({ length: 5_001 }, (_, n) => send(`m${n}`));
    expect(await send('one too many')).toMatchObject({ kind: 'unavailable', code: 'too_many_sends' });
    free();
    await Promise.all(waiting);
    expect(writer.stored.size).toBe(5_001);
  });

  it('answers 404 for a conversation that is gone, and stores the rest', async () => {
    const write = writer.write.bind(writer);
    writer.write = async (context, drafts) => {
      const present = drafts.filter(({ conversation_id }) => !conversation_id.equals(other));
      const written = await write(context, present);
      return drafts.map((draft) => written[present.indexOf(draft)] ?? null);
    };
    const answers = await Promise.all([send('a'), send('b', other), send('c')]);
    expect(codeOf(answers[1])).toBe('conversation_not_found');
    expect(writer.stored.size).toBe(2);
  });
});
