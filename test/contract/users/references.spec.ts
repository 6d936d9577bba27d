import { Prop, raw, Schema } from '@nestjs/mongoose';
import { ObjectId } from 'bson';
import { SystemClock, type RequestContext, type Tenant, type UserReference } from '#caas/kernel';
import { DisplayNameRegistry, UserReferenceProp, userReferenceShape, users } from '#caas/domain/users';
import { ReferencesService, USER_COLLECTIONS } from '#caas/domain/users/testing';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { TenancyHarness } from '#caas/testing/tenancy';

@Schema()
class Letter extends TenantDocumentBase {
  @UserReferenceProp()
  sender: UserReference;

  @Prop({ type: [raw(userReferenceShape)], default: [] })
  readers: UserReference[];
}

const letters = tenantCollection(Letter, {
  name: 'contract_letters',
  indexes: [
    { key: { tenant_id: 1, 'sender.user_id': 1, _id: 1 }, serves: 'copies of the name of a sender' },
    { key: { tenant_id: 1, 'readers.user_id': 1, _id: 1 }, serves: 'copies of the name of a reader' },
  ],
});

describe.each(['shared', 'prefixed', 'dedicated'] as const)('ReferencesService on the %s placement', (placement) => {
  let harness: TenancyHarness;
  let tenant: Tenant;
  let ctx: RequestContext;
  let other: RequestContext;
  const holders = new DisplayNameRegistry();
  holders.register(letters, [{ path: 'sender' }, { path: 'readers', list: true }]);
  const references = new ReferencesService(holders, new SystemClock());

  beforeAll(async () => {
    harness = new TenancyHarness([...USER_COLLECTIONS, letters]);
    tenant = await harness.tenant(placement);
    ctx = harness.context(tenant);
    other = harness.context(await harness.tenant(placement));
  });
  afterAll(() => harness.close());
  beforeEach(async () => {
    for (const each of [ctx, other]) {
      await each.repository(letters).deleteMany({});
      await each.repository(users).deleteMany({});
    }
  });

  const aUser = async (in_: RequestContext, name: string, renamed_at: Date | null = null, _id = new ObjectId()) => {
    const external_id = `x${_id.toHexString()}`;
    await in_.repository(users).insertOne({
      _id,
      external_id,
      display_name: name,
      name_key: name.toLowerCase(),
      avatar_file_id: null,
      metadata: {},
      status: 'active',
      last_seen_at: null,
      renamed_at,
      quiet_updates: 0,
      tokens_from: null,
    });
    return { user_id: _id, user_external_id: external_id, user_display_name: name };
  };
  const rename = (in_: RequestContext, { user_id }: UserReference, display_name: string, renamed_at = new Date()) =>
    in_.repository(users).updateOne({ _id: user_id }, { $set: { display_name, renamed_at } });
  const namesIn = async (in_: RequestContext) => {
    const all = await in_.repository(letters).find({}, { withDeleted: true, sort: { _id: 1 } });
    return all.map(({ sender, readers }) => [sender, ...readers].map((each) => each.user_display_name).join());
  };

  it('refreshes every copy, in lists and on soft-deleted documents too, and no other name', async () => {
    const anna = await aUser(ctx, 'Anna');
    const ben = await aUser(ctx, 'Ben');
    await ctx.repository(letters).insertMany([
      { sender: anna, readers: [ben, anna] },
      { sender: ben, readers: [anna] },
      { sender: ben, readers: [ben] },
    ]);
    await ctx.repository(letters).softDelete({ 'sender.user_id': anna.user_id });
    await rename(ctx, anna, 'Anna Ω');
    expect(await references.refresh(ctx, anna.user_id)).toBe(3);
    expect(await namesIn(ctx)).toEqual(['Anna Ω,Ben,Anna Ω', 'Ben,Anna Ω', 'Ben,Ben']);
    expect(await references.refresh(ctx, anna.user_id)).toBe(0);
  });

  it('goes through more than one batch', async () => {
    const anna = await aUser(ctx, 'Anna');
    await ctx.repository(letters).insertMany(Array.from({ length: 1_100 }, () => ({ sender: anna, readers: [] })));
    await rename(ctx, anna, 'Annabel');
    expect(await references.refresh(ctx, anna.user_id)).toBe(1_100);
    expect(new Set(await namesIn(ctx))).toEqual(new Set(['Annabel']));
  });

  it('ends with the last name when two refreshes of two renames run at once', async () => {
    const anna = await aUser(ctx, 'Anna');
    await ctx.repository(letters).insertMany(Array.from({ length: 600 }, () => ({ sender: anna, readers: [anna] })));
    await rename(ctx, anna, 'First');
    const first = references.refresh(ctx, anna.user_id);
    await rename(ctx, anna, 'Second');
    await Promise.all([first, references.refresh(ctx, anna.user_id)]);
    expect(new Set(await namesIn(ctx))).toEqual(new Set(['Second,Second']));
  });

  it('leaves the same user id of another tenant alone', async () => {
    const anna = await aUser(ctx, 'Anna');
    const twin = await aUser(other, 'Anna', null, placement === 'shared' ? new ObjectId() : anna.user_id);
    await ctx.repository(letters).insertOne({ sender: anna, readers: [] });
    await other.repository(letters).insertMany([
      { sender: twin, readers: [] },
      { sender: { ...anna }, readers: [] },
    ]);
    await rename(ctx, anna, 'Annabel');
    await references.refresh(ctx, anna.user_id);
    expect(await namesIn(ctx)).toEqual(['Annabel']);
    expect(await namesIn(other)).toEqual(['Anna', 'Anna']);
  });

  it('sweeps up copies that were missed: those of the recently renamed, or of everyone', async () => {
    const anna = await aUser(ctx, 'Anna');
    const ben = await aUser(ctx, 'Ben');
    await ctx.repository(letters).insertMany([
      { sender: anna, readers: [] },
      { sender: ben, readers: [] },
    ]);
    await rename(ctx, anna, 'Annabel');
    await rename(ctx, ben, 'Benno', new Date(Date.now() - 2 * 60 * 60_000));
    expect(await references.sweep(ctx, 60 * 60_000)).toEqual({ users: 1, refreshed: 1 });
    expect(await namesIn(ctx)).toEqual(['Annabel', 'Ben']);
    expect(await references.sweep(ctx, null)).toEqual({ users: 2, refreshed: 1 });
    expect(await namesIn(ctx)).toEqual(['Annabel', 'Benno']);
  });
});
