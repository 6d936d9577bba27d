import { Prop, Schema } from '@nestjs/mongoose';
import { deserialize, ObjectId } from 'bson';
import { DuplicateKeyError, type RequestContext, type Tenant } from '#caas/kernel';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { TenancyHarness } from '#caas/testing/tenancy';

@Schema()
class Note extends TenantDocumentBase {
  @Prop({ type: String, required: true })
  title: string;

  @Prop({ type: Number, default: 0 })
  stars: number;

  @Prop({ type: [String], default: [] })
  tags: string[];

  @Prop({ type: Object, default: null })
  author: { name: string } | null;
}

const notes = tenantCollection(Note, {
  name: 'contract_notes',
  indexes: [{ key: { tenant_id: 1, title: 1 }, unique: true, serves: 'one note per title' }],
});

const note = (title: string, extra: Partial<Note> = {}) => ({ title, stars: 0, tags: [], author: null, ...extra });

describe.each(['shared', 'prefixed', 'dedicated'] as const)('TenantRepository on the %s placement', (placement) => {
  let harness: TenancyHarness;
  let tenant: Tenant;
  let neighbour: Tenant;
  let ctx: RequestContext;
  let other: RequestContext;

  beforeAll(async () => {
    harness = new TenancyHarness([notes]);
    tenant = await harness.tenant(placement);
    neighbour = await harness.tenant(placement);
    ctx = harness.context(tenant);
    other = harness.context(neighbour);
  });
  afterAll(() => harness.close());
  beforeEach(async () => {
    await ctx.repository(notes).deleteMany({});
    await other.repository(notes).deleteMany({});
  });

  it('stamps what every document carries', async () => {
    const before = Date.now();
    const created = await ctx.repository(notes).insertOne({ title: 'a', author: null } as never);
    expect(created).toMatchObject({ tenant_id: tenant.id, deleted_at: null, __v: 0, stars: 0, tags: [] });
    expect(created.created_at.getTime()).toBeGreaterThanOrEqual(before);
    expect(await ctx.repository(notes).findById(created._id)).toEqual(created);
  });

  it('inserts in order up to what a unique index refuses, and says where that was', async () => {
    const repository = ctx.repository(notes);
    await repository.insertOne(note('taken'));
    const refused = await repository.insertUntilRefused([note('first'), note('taken'), note('third')]);
    expect(refused).toMatchObject({ stored: 1, refused: 1 });
    expect(refused.documents.map(({ title }) => title)).toEqual(['first', 'taken', 'third']);
    expect((await repository.find({}, { sort: { title: 1 } })).map(({ title }) => title)).toEqual(['first', 'taken']);
    expect(await repository.insertUntilRefused([note('taken')])).toMatchObject({ stored: 0, refused: 0 });
    expect(await repository.insertUntilRefused([note('x'), note('y')])).toMatchObject({ stored: 2, refused: null });
    expect(await repository.insertUntilRefused([])).toEqual({ documents: [], stored: 0, refused: null });
    await expect(repository.insertUntilRefused([{ title: 'z', colour: 'red' } as never])).rejects.toThrow('"colour"');
  });

  it('asks once for all that it may want, also for more than a server sends by itself', async () => {
    await ctx.repository(notes).insertMany(Array.from({ length: 150 }, (_, at) => note(`note ${at}`)));
    const asked = jest.spyOn(harness.firewall, 'inspect');
    expect(await ctx.repository(notes).find({}, { limit: 1_000, fields: ['_id'] })).toHaveLength(150);
    expect(asked.mock.calls.map(([, command]) => Object.keys(command)[0])).toEqual(['find']);
    asked.mockRestore();
  });

  it('refuses a new document that lacks a required field or has an unknown one', async () => {
    await expect(ctx.repository(notes).insertOne({} as never)).rejects.toThrow('lacks "title"');
    await expect(ctx.repository(notes).insertOne({ title: 'a', colour: 'red' } as never)).rejects.toThrow('"colour"');
  });

  it('counts the version and the time of every kind of update', async () => {
    const repository = ctx.repository(notes);
    const { _id } = await repository.insertOne(note('a'));
    await repository.updateOne({ _id }, { $set: { stars: 1 } });
    await repository.updateMany({ title: 'a' }, { $inc: { stars: 1 } });
    await repository.findOneAndUpdate({ _id }, { $push: { tags: 'x' } });
    await repository.bulkWrite([{ updateOne: { filter: { _id }, update: { $inc: { stars: 1 } } } }]);
    const after = await repository.findById(_id);
    expect(after).toMatchObject({ __v: 4, stars: 3, tags: ['x'] });
    expect(after!.updated_at.getTime()).toBeGreaterThanOrEqual(after!.created_at.getTime());
  });

  it('counts the version of a quiet update, and leaves the time', async () => {
    const repository = ctx.repository(notes);
    const { _id, updated_at } = await repository.insertOne(note('quiet'));
    await repository.updateOne({ _id }, { $set: { stars: 1 } }, { quiet: true });
    await repository.findOneAndUpdate({ _id }, { $inc: { stars: 1 } }, { quiet: true });
    expect(await repository.findById(_id)).toMatchObject({ __v: 2, stars: 2, updated_at });
  });

  it('upserts with the defaults of the schema', async () => {
    const repository = ctx.repository(notes);
    const first = await repository.findOneAndUpdate({ title: 'u' }, { $set: { stars: 2 } }, { upsert: true });
    const second = await repository.findOneAndUpdate({ title: 'u' }, { $set: { stars: 3 } }, { upsert: true });
    expect(first).toMatchObject({ tenant_id: tenant.id, title: 'u', stars: 2, tags: [], deleted_at: null });
    expect(second!._id).toEqual(first!._id);
    expect(second!.__v).toBe(first!.__v + 1);
  });

  it('hides soft-deleted documents until asked for them', async () => {
    const repository = ctx.repository(notes);
    const { _id } = await repository.insertOne(note('gone'));
    expect(await repository.softDelete({ _id })).toMatchObject({ title: 'gone', deleted_at: expect.any(Date) });
    expect(await repository.findById(_id)).toBeNull();
    expect(await repository.count({})).toBe(0);
    expect(await repository.distinct('title', {})).toEqual([]);
    expect(await repository.aggregate([{ $sort: { title: 1 } }])).toEqual([]);
    expect(await repository.findById(_id, { withDeleted: true })).toMatchObject({ title: 'gone' });
    expect(await repository.softDelete({ _id })).toBeNull();
  });

  it('names the fields of the unique index that refused a write', async () => {
    const repository = ctx.repository(notes);
    await repository.insertOne(note('twice'));
    const refusal = await repository.insertOne(note('twice')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DuplicateKeyError);
    expect((refusal as DuplicateKeyError).keyPattern).toEqual(['title']);
    await expect(repository.bulkWrite([{ insertOne: { document: note('twice') } }])).rejects.toBeInstanceOf(
      DuplicateKeyError,
    );
  });

  it('lets two tenants hold the same values, and each see its own', async () => {
    await ctx.repository(notes).insertOne(note('same', { stars: 1 }));
    await other.repository(notes).insertOne(note('same', { stars: 2 }));
    expect(await ctx.repository(notes).find({})).toMatchObject([{ stars: 1 }]);
    expect(await other.repository(notes).find({})).toMatchObject([{ stars: 2 }]);
  });

  it('pages both ways without a gap or a repeat', async () => {
    const repository = ctx.repository(notes);
    const inserted = await repository.insertMany(Array.from({ length: 25 }, (_, n) => note(`n${n}`)));
    for (const direction of ['backward', 'forward'] as const) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await repository.page({}, { cursor, limit: 10, direction });
        expect(page.page.has_more).toBe(page.page.next_cursor !== null);
        seen.push(...page.data.map(({ _id }) => _id.toHexString()));
        cursor = page.page.next_cursor;
      } while (cursor !== null);
      const ids = inserted.map(({ _id }) => _id.toHexString());
      expect(seen).toEqual(direction === 'forward' ? ids : ids.toReversed());
    }
  });

  it('streams more than one batch', async () => {
    const repository = ctx.repository(notes);
    await repository.insertMany(Array.from({ length: 30 }, (_, n) => note(`s${n}`)));
    const titles: string[] = [];
    for await (const { title } of repository.stream({}, { sort: { _id: 1 }, batchSize: 7 })) titles.push(title);
    expect(titles).toHaveLength(30);
  });

  it('finds documents as BSON, the same and no others', async () => {
    await other.repository(notes).insertOne(note('theirs'));
    await ctx.repository(notes).insertMany([note('b'), note('a')]);
    const options = { sort: { title: 1 } } as const;
    const encoded = await ctx.repository(notes).findEncoded({}, options);
    expect(encoded.map((bson) => deserialize(bson))).toEqual(await ctx.repository(notes).find({}, options));
    expect(encoded).toHaveLength(2);
  });

  it('aggregates with lookups into collections by their logical name', async () => {
    const repository = ctx.repository(notes);
    await repository.insertMany([note('x', { stars: 1 }), note('y', { stars: 1 })]);
    await other.repository(notes).insertOne(note('z', { stars: 1 }));
    const joined = await repository.aggregate<{ title: string; twins: unknown[] }>([
      { $match: { title: 'x' } },
      { $lookup: { from: 'contract_notes', localField: 'stars', foreignField: 'stars', as: 'twins' } },
    ]);
    expect(joined).toHaveLength(1);
    expect(joined[0]!.twins).toHaveLength(2);
    const facets = await repository.aggregate<{ all: unknown[] }>([{ $facet: { all: [{ $sort: { title: 1 } }] } }]);
    expect(facets[0]!.all).toHaveLength(2);
    const union = await repository.aggregate([{ $unionWith: { coll: 'contract_notes', pipeline: [] } }]);
    expect(union).toHaveLength(4);
  });

  it('commits a transaction whole, with its effects after it, or not at all', async () => {
    const effects: string[] = [];
    await ctx.transaction(async (tx) => {
      await tx.repository(notes).insertOne(note('t1'));
      tx.afterCommit(() => effects.push('told'));
      expect(effects).toEqual([]);
      await tx.repository(notes).insertOne(note('t2'));
    });
    expect(effects).toEqual(['told']);
    const failed = ctx.transaction(async (tx) => {
      await tx.repository(notes).insertOne(note('t3'));
      tx.afterCommit(() => effects.push('never'));
      throw new Error('half-way');
    });
    await expect(failed).rejects.toThrow('half-way');
    expect(await ctx.repository(notes).distinct('title', {})).toEqual(['t1', 't2']);
    expect(effects).toEqual(['told']);
  });

  it('lets concurrent transactions on one document all through, one after the other', async () => {
    const { _id } = await ctx.repository(notes).insertOne(note('hot'));
    await Promise.all(
      Array.from({ length: 8 }, () =>
        ctx.transaction(async (tx) => {
          const current = await tx.repository(notes).findById(_id);
          await tx.repository(notes).updateOne({ _id }, { $set: { stars: current!.stars + 1 } });
        }),
      ),
    );
    expect(await ctx.repository(notes).findById(_id)).toMatchObject({ stars: 8 });
  });

  it('brings a placement to the indexes its schemas declare, and describes it', async () => {
    expect(await harness.placements.syncIndexes(tenant)).toEqual([]);
    await ctx.repository(notes).insertOne(note('one'));
    const description = await harness.placements.describe(tenant);
    expect(description.collections).toEqual([{ name: expect.stringContaining('contract_notes'), documents: 1 }]);
  });

  it('removes exactly its own set with the tenant', async () => {
    const leaving = await harness.tenant(placement);
    await harness.context(leaving).repository(notes).insertOne(note('mine'));
    await ctx.repository(notes).insertOne(note('stays'));
    await harness.placements.drop(leaving);
    expect(await harness.context(leaving).repository(notes).count({})).toBe(0);
    expect(await ctx.repository(notes).count({})).toBe(1);
  });

  it('answers a write to the id of another tenant’s document as a clash, and changes nothing', async () => {
    const theirs = await other.repository(notes).insertOne(note('theirs'));
    expect(await ctx.repository(notes).findById(theirs._id)).toBeNull();
    const write = ctx.repository(notes).updateOne({ _id: theirs._id }, { $set: { title: 'mine' } }, { upsert: true });
    if (placement === 'shared') await expect(write).rejects.toBeInstanceOf(DuplicateKeyError);
    else expect((await write).upsertedId).toBeInstanceOf(ObjectId);
    expect(await other.repository(notes).findById(theirs._id)).toEqual(theirs);
  });
});
