import { ObjectId } from 'bson';
import { CaasError, type RequestContext } from '#caas/kernel';
import { ConversationFolds } from '../folding/conversation-folds';
import { ConversationChanges, Unchanged } from './conversation-changes';

/** The conversation's row, and transactions that leave it as it was when they fail. */
class MemoryDatabase {
  rev = 10;
  transactions = 0;
  /** Fails the transaction before it begins. */
  away: Error | null = null;

  readonly ctx = {
    tenantId: 'clnt_abcdef',
    transaction: async (work: (tx: RequestContext) => Promise<unknown>) => {
      this.transactions += 1;
      await new Promise(setImmediate);
      if (this.away) throw this.away;
      const before = this.rev;
      try {
        return await work(this.ctx);
      } catch (error) {
        this.rev = before;
        throw error;
      }
    },
    within: () => this.ctx,
    repository: () => ({
      findOneAndUpdate: (_filter: unknown, { $inc }: { $inc: { rev: number } }) => {
        const before = { _id: new ObjectId(), last_seq: 0, rev: this.rev };
        this.rev += $inc.rev;
        return Promise.resolve(before);
      },
      updateOne: (_filter: unknown, { $inc }: { $inc: { rev: number } }) => {
        this.rev += $inc.rev;
        return Promise.resolve({ matched: 1 });
      },
    }),
  } as unknown as RequestContext;
}

describe('ConversationChanges', () => {
  const id = new ObjectId();
  let database: MemoryDatabase;
  let changes: ConversationChanges;
  beforeEach(() => {
    database = new MemoryDatabase();
    changes = new ConversationChanges(
      new ConversationFolds({ after: () => Promise.resolve([]) }, undefined as never, undefined as never),
    );
  });
  const change = (work: Parameters<typeof changes.apply<unknown>>[2] = () => Promise.resolve('done')) =>
    changes.apply(database.ctx, id, work);

  it('gives each change its rev, and those that gathered meanwhile one transaction', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => change()));
    expect(answers.map(({ rev }) => rev)).toEqual(Array.from({ length: 20 }, (_, n) => 11 + n));
    expect(database.rev).toBe(30);
    expect(database.transactions).toBeLessThanOrEqual(2);
  });

  it('uses no rev for what changed nothing, and one more for what changed along', async () => {
    const further: number[] = [];
    const answers = await Promise.all([
      change(),
      change(() => Promise.resolve(new Unchanged('as it was'))),
      change(({ nextRev }) => Promise.resolve(further.push(nextRev()))),
      change(),
    ]);
    expect(answers.map(({ rev }) => rev)).toEqual([11, null, 12, 14]);
    expect(answers[1]!.value).toBe('as it was');
    expect(further.at(-1)).toBe(13);
    expect(database.rev).toBe(14);
  });

  it('leaves one that cannot be made alone with its error', async () => {
    const refused = new CaasError('forbidden', 'not_yours', 'Not yours.');
    const answers = await Promise.allSettled([change(), change(() => Promise.reject(refused)), change(), change()]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(answers[1]).toMatchObject({ reason: refused });
    expect(database.rev).toBe(13);
  });

  it('tells everybody when the engine is away, without trying each', async () => {
    database.away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const answers = await Promise.allSettled(Array.from({ length: 30 }, () => change()));
    expect(answers.every((answer) => answer.status === 'rejected' && answer.reason === database.away)).toBe(true);
    expect(database.transactions).toBeLessThanOrEqual(2);
  });

  it('says so when more wait than it can soon make', async () => {
    const waiting = Array.from({ length: 1_001 }, () => change().catch((error: unknown) => error));
    await expect(Promise.all([...waiting, change()])).rejects.toMatchObject({ code: 'too_many_changes' });
    await Promise.all(waiting);
  });
});
