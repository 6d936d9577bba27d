import fc from 'fast-check';
import { ObjectId } from 'bson';
import type { InsertSummary, NewDocument, RequestContext } from '#caas/kernel';
import { SystemClock } from '#caas/kernel';
import type { Message } from '../store/message.schema';
import { prepareMessage, type PreparedMessage } from './prepared-message';
import { MessageInserter, type Outcome } from './message-inserter';

const SENDER = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };
const ROOMS = [new ObjectId(), new ObjectId()];

/** What becomes of an insert: nothing is wrong; its answer is lost; or a failover takes it back, for good or until a retry. */
type Fault = 'none' | 'answer lost' | 'taken back' | 'taken back, and through later';

/** A primary in memory, with the unique indexes of messages. What it takes back was acknowledged to nobody. */
class FakePrimary {
  readonly stored: Message[] = [];
  private readonly late: Message[][] = [];
  fault: Fault = 'none';
  inserts = 0;

  async insertUntilRefused(given: NewDocument<Message>[]): Promise<InsertSummary<Message>> {
    this.inserts += 1;
    const documents = given as Message[];
    const { fault } = this;
    this.fault = 'none';
    await new Promise(setImmediate);
    const before = this.stored.length;
    const stored = this.put(documents);
    if (fault === 'none') return { documents, stored, refused: stored < documents.length ? stored : null };
    if (fault !== 'answer lost') this.stored.splice(before);
    if (fault === 'taken back, and through later') this.late.push(documents);
    throw Object.assign(new Error('connection 1 to 127.0.0.1 closed'), { name: 'MongoNetworkError' });
  }

  /** What was on its way all the time. */
  letThrough(): void {
    for (const documents of this.late.splice(0)) this.put(documents);
  }

  headOf(id: ObjectId): number {
    return Math.max(0, ...this.in(id).map(({ seq }) => seq));
  }

  in(id: ObjectId): Message[] {
    return this.stored.filter(({ conversation_id }) => conversation_id.equals(id));
  }

  find({ conversation_id, client_message_id }: Pick<Message, 'conversation_id' | 'client_message_id'>): Message | null {
    return this.in(conversation_id).find((message) => message.client_message_id === client_message_id) ?? null;
  }

  /** Ordered: up to the first that is refused. */
  private put(documents: Message[]): number {
    for (const [at, document] of documents.entries()) {
      const isTaken = this.in(document.conversation_id).some(({ seq }) => seq === document.seq);
      if (isTaken || this.find(document)) return at;
      this.stored.push(document);
    }
    return documents.length;
  }
}

/** A process at the primary. It remembers heads for as long as nobody tells it otherwise. */
function processAt(primary: FakePrimary) {
  const known = new Map<string, number>();
  const now = { monotonicMs: performance.now(), wallMs: Date.now() };
  const heads = {
    of: (_ctx: unknown, ids: ObjectId[]) =>
      Promise.resolve(
        new Map(
          ids.map((id) => {
            const hex = id.toHexString();
            if (!known.has(hex)) known.set(hex, primary.headOf(id));
            return [hex, { id, seq: known.get(hex)!, rev: 0, hasArchive: false, askedAt: now }];
          }),
        ),
      ),
    used: (_ctx: unknown, id: ObjectId, seq: number) => known.set(id.toHexString(), seq),
    forget: (_ctx: unknown, id: ObjectId) => known.delete(id.toHexString()),
    isTrusted: () => true,
  };
  const sent = {
    find: (_ctx: unknown, drafts: PreparedMessage[]) => Promise.resolve(drafts.map((draft) => primary.find(draft))),
  };
  const noted: Message[] = [];
  const folds = {
    begin: () => null,
    isClosing: false,
    note: (...[, , messages]: [unknown, unknown, Message[]]) => noted.push(...messages),
  };
  const quota = { sent: () => undefined };
  const unused = undefined as never;
  const inserter = new MessageInserter(
    heads as never,
    sent as never,
    unused,
    folds as never,
    quota as never,
    new SystemClock(),
  );
  const ctx = { tenantId: 'clnt_abcdef', repository: () => primary } as unknown as RequestContext;
  const insert = async (drafts: PreparedMessage[]) => {
    const outcomes = new Map<PreparedMessage, Outcome>();
    const taken = await inserter.insert(ctx, drafts, (draft, outcome) => outcomes.set(draft, outcome));
    return { outcomes, taken };
  };
  return { insert, noted };
}

let sends = 0;
const aDraft = (conversation_id: ObjectId, client_message_id = `m${(sends += 1)}`): PreparedMessage =>
  prepareMessage({ conversation_id, sender: SENDER, client_message_id, request_hash: client_message_id });

describe('MessageInserter', () => {
  it('stores one of a refused insert, numbers the conversation anew, and does not hold up the other', async () => {
    const primary = new FakePrimary();
    const [one, other] = [processAt(primary), processAt(primary)];
    await one.insert([aDraft(ROOMS[0]!)]);
    // The other process remembers nothing of what comes now.
    await other.insert([aDraft(ROOMS[0]!)]);
    const drafts = [aDraft(ROOMS[0]!), aDraft(ROOMS[0]!), aDraft(ROOMS[1]!)];
    const { outcomes, taken } = await one.insert(drafts);
    expect(taken).toEqual(drafts.slice(0, 2));
    expect([...outcomes.keys()]).toEqual([drafts[2]]);
    expect((await one.insert(taken)).taken).toEqual([]);
    expect(primary.in(ROOMS[0]!).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('answers a repeated send with the first, and goes on with those after it', async () => {
    const primary = new FakePrimary();
    const { insert } = processAt(primary);
    const first = aDraft(ROOMS[0]!);
    await insert([first]);
    const drafts = [aDraft(ROOMS[0]!), aDraft(ROOMS[0]!, first.client_message_id), aDraft(ROOMS[0]!)];
    const { outcomes, taken } = await insert(drafts);
    expect(taken).toEqual([]);
    expect(outcomes.get(drafts[1]!)).toMatchObject({ found: { _id: first._id } });
    expect(primary.in(ROOMS[0]!).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('knows its own message again when the answer was lost', async () => {
    const primary = new FakePrimary();
    const { insert, noted } = processAt(primary);
    primary.fault = 'answer lost';
    const draft = aDraft(ROOMS[0]!);
    expect((await insert([draft])).outcomes.get(draft)).toMatchObject({ stored: { _id: draft._id, seq: 1 } });
    expect(noted).toHaveLength(1);
  });

  it('leaves no gap, loses nothing that was acknowledged, and stores nothing twice, whatever a failover takes back', () => {
    const faults = fc.constantFrom<Fault>('none', 'none', 'answer lost', 'taken back', 'taken back, and through later');
    const step = fc.record({
      process: fc.nat(1),
      rooms: fc.array(fc.nat(1), { minLength: 1, maxLength: 4 }),
      fault: faults,
      letThrough: fc.boolean(),
      sendsAgain: fc.boolean(),
    });
    return fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const primary = new FakePrimary();
        const processes = [processAt(primary), processAt(primary)];
        const acknowledged: Message[] = [];
        const refused: PreparedMessage[] = [];
        for (const { process, rooms, fault, letThrough, sendsAgain } of steps) {
          if (letThrough) primary.letThrough();
          primary.fault = fault;
          const again = sendsAgain
            ? refused
                .splice(0)
                .map(({ conversation_id, client_message_id }) => aDraft(conversation_id, client_message_id))
            : [];
          let drafts = [...again, ...rooms.map((at) => aDraft(ROOMS[at]!))];
          while (drafts.length > 0) {
            const { outcomes, taken } = await processes[process]!.insert(drafts);
            for (const [draft, outcome] of outcomes) {
              if ('stored' in outcome) acknowledged.push(outcome.stored);
              else if ('found' in outcome) acknowledged.push(outcome.found);
              else refused.push(draft);
            }
            drafts = taken;
          }
        }
        primary.letThrough();
        for (const id of ROOMS) {
          const seqs = primary.in(id).map(({ seq }) => seq);
          expect(seqs.toSorted((a, b) => a - b)).toEqual(seqs.map((_, at) => at + 1));
          const names = primary.in(id).map(({ client_message_id }) => client_message_id);
          expect(new Set(names).size).toBe(names.length);
        }
        const byId = new Map(primary.stored.map((message) => [message._id, message.seq]));
        for (const { _id, seq } of acknowledged) expect(byId.get(_id)).toBe(seq);
      }),
    );
  });
});
