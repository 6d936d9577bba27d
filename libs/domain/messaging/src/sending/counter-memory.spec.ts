import { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { CounterMemory, type Counters } from './counter-memory';

const ctx = { tenantId: 'clnt_abcdef' } as RequestContext;
const other = { tenantId: 'clnt_fedcba' } as RequestContext;
const counters = (_id: ObjectId, rev: number): Counters => ({
  _id,
  type: 'direct',
  created_by_id: _id,
  last_seq: rev,
  rev,
  sent_seqs: {},
  archive_version: null,
});

describe('CounterMemory', () => {
  const [one, two] = [new ObjectId(), new ObjectId()];
  let memory: CounterMemory;
  beforeEach(() => (memory = new CounterMemory()));

  it('recalls all of a group, or nothing', () => {
    memory.keep(ctx, counters(one, 3));
    expect(memory.recall(ctx, [one])).toEqual([counters(one, 3)]);
    expect(memory.recall(ctx, [one, two])).toBeNull();
  });

  it('keeps the same id of two tenants apart', () => {
    memory.keep(ctx, counters(one, 3));
    expect(memory.recall(other, [one])).toBeNull();
  });

  it('does not soon believe again what was written elsewhere, and goes on believing the rest', () => {
    memory.keep(ctx, counters(one, 3));
    memory.keep(ctx, counters(two, 5));
    memory.compare(ctx, memory.recall(ctx, [one, two])!, [counters(one, 4), counters(two, 5)]);
    for (const id of [one, two]) memory.keep(ctx, counters(id, 9));
    expect(memory.recall(ctx, [one])).toBeNull();
    expect(memory.recall(ctx, [two])).toEqual([counters(two, 9)]);
  });

  it('follows a change of this process, and forgets where it had another rev', () => {
    memory.keep(ctx, counters(one, 3));
    memory.moved(ctx, one, 3, 5);
    expect(memory.recall(ctx, [one])).toEqual([{ ...counters(one, 3), rev: 5 }]);
    memory.moved(ctx, one, 3, 4);
    expect(memory.recall(ctx, [one])).toBeNull();
  });

  it('forgets', () => {
    memory.keep(ctx, counters(one, 3));
    memory.forget(ctx, [one]);
    expect(memory.recall(ctx, [one])).toBeNull();
  });
});
