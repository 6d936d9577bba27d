import { Prop, Schema } from '@nestjs/mongoose';
import { deserialize, ObjectId } from 'bson';
import mongoose, { type Model } from 'mongoose';
import type { Filter, RequestContext, Tenant, Update } from '#caas/kernel';
import { dataMark, type GuardedModel } from '#caas/tenancy/testing';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

@Schema()
export class Secret extends TenantDocumentBase {
  @Prop({ type: String, required: true })
  text: string;

  @Prop({ type: Number, default: 0 })
  n: number;

  @Prop({ type: mongoose.Schema.Types.ObjectId, default: null })
  friend: ObjectId | null;
}

export const secrets = tenantCollection(Secret, {
  name: 'isolation_secrets',
  indexes: [{ key: { tenant_id: 1, n: 1 }, serves: 'the attacks below' }],
});

/** A attacks B: both models as the placement compiles them, below every repository. */
export interface Battlefield {
  a: Model<Secret>;
  b: Model<Secret>;
  tenantA: Tenant;
  tenantB: Tenant;
  documentOfA: ObjectId;
  documentOfB: ObjectId;
}

export type ModelAttack = (field: Battlefield) => Promise<unknown>;

const markOf = (tenant: Tenant) => ({ comment: dataMark(tenant.id) });
const loose = (value: unknown) => value as never;
const guarded = (model: unknown) => model as GuardedModel<object>;

/** Reads and writes through mongoose itself, as code that got hold of a model would make them; 17 to 24 of the forty. */
export const MODEL_ATTACKS: Record<string, ModelAttack> = {
  'find without a tenant': ({ b, tenantA }) => b.find({}, null, markOf(tenantA)).lean().exec(),
  'find with the tenant of another': ({ b, tenantA, tenantB }) =>
    b.find({ tenant_id: tenantB.id }, null, markOf(tenantA)).lean().exec(),
  'find in nobody’s name': ({ b, tenantB }) => b.find({ tenant_id: tenantB.id }).lean().exec(),
  '$or around the tenant': ({ b, tenantA, tenantB }) =>
    b
      .find({ $or: [{ tenant_id: tenantA.id }, { tenant_id: tenantB.id }] }, null, markOf(tenantA))
      .lean()
      .exec(),
  'an operator in place of the tenant': ({ b, tenantA }) =>
    b
      .find({ tenant_id: { $ne: tenantA.id } }, null, markOf(tenantA))
      .lean()
      .exec(),
  'an undefined tenant': ({ b, tenantA }) =>
    b
      .find(loose({ tenant_id: undefined }), null, { ...markOf(tenantA), ignoreUndefined: true } as never)
      .lean()
      .exec(),
  'a tenant on a polluted prototype': async ({ b, tenantA }) => {
    Object.defineProperty(Object.prototype, 'tenant_id', { value: tenantA.id, configurable: true });
    try {
      return await b.find({}, null, markOf(tenantA)).lean().exec();
    } finally {
      delete (Object.prototype as { tenant_id?: string }).tenant_id;
    }
  },
  findById: ({ b, documentOfB, tenantA }) => b.findById(documentOfB, null, markOf(tenantA)).lean().exec(),
  populate: async ({ a, b, tenantA, documentOfB }) => {
    const own = new a({
      text: 'lure',
      tenant_id: tenantA.id,
      friend: documentOfB,
      created_at: new Date(),
      updated_at: new Date(),
    });
    return a.populate(own, { path: 'friend', model: b, options: markOf(tenantA) });
  },
  distinct: ({ b, tenantA }) => b.distinct('text', {}, markOf(tenantA) as never).exec(),
  countDocuments: async ({ b, tenantA }) => leaked(await b.countDocuments({}, markOf(tenantA)).exec()),
  estimatedDocumentCount: async ({ b, tenantA }) =>
    leaked(await b.estimatedDocumentCount(markOf(tenantA) as never).exec()),
  'a collation that folds case': ({ b, tenantA, tenantB }) =>
    b
      .find({ tenant_id: tenantB.id }, null, { ...markOf(tenantA), collation: { locale: 'en', strength: 1 } })
      .lean()
      .exec(),
  'aggregate without a tenant': ({ b, tenantA }) => b.aggregate([{ $match: {} }], markOf(tenantA)).exec(),
  $lookup: ({ a, b, tenantA }) =>
    a.aggregate([own(tenantA), lookup(b.collection.collectionName, [])], markOf(tenantA)).exec(),
  '$lookup nested in a $facet': ({ a, b, tenantA }) =>
    a
      .aggregate(
        [own(tenantA), { $facet: { x: [own(tenantA), lookup(b.collection.collectionName, [])] } }],
        markOf(tenantA),
      )
      .exec(),
  '$facet that starts with no tenant': ({ a, b, tenantA }) =>
    a.aggregate([own(tenantA), { $facet: { x: [lookup(b.collection.collectionName, [])] } }], markOf(tenantA)).exec(),
  '$unionWith by name': ({ a, b, tenantA }) =>
    a.aggregate([own(tenantA), { $unionWith: b.collection.collectionName } as never], markOf(tenantA)).exec(),
  '$unionWith with a pipeline': ({ a, b, tenantA, tenantB }) =>
    a
      .aggregate(
        [own(tenantA), { $unionWith: { coll: b.collection.collectionName, pipeline: [own(tenantB) as never] } }],
        markOf(tenantA),
      )
      .exec(),
  $graphLookup: ({ a, b, tenantA }) =>
    a
      .aggregate(
        [
          own(tenantA),
          {
            $graphLookup: {
              from: b.collection.collectionName,
              startWith: '$n',
              connectFromField: 'n',
              connectToField: 'n',
              as: 'reached',
            },
          },
        ],
        markOf(tenantA),
      )
      .exec(),
  $merge: ({ a, b, tenantA }) =>
    a.aggregate([own(tenantA), { $merge: { into: b.collection.collectionName } }], markOf(tenantA)).exec(),
  $out: ({ a, b, tenantA }) =>
    a.aggregate([own(tenantA), { $out: b.collection.collectionName }], markOf(tenantA)).exec(),
  'bulkWrite over two tenants': ({ b, tenantA, tenantB }) =>
    b.bulkWrite(
      [
        { updateMany: { filter: { tenant_id: tenantA.id }, update: { $set: { n: 99 } } } },
        { updateMany: { filter: { tenant_id: tenantB.id }, update: { $set: { n: 99 } } } },
      ],
      markOf(tenantA) as never,
    ),
  'bulkWrite that deletes without a tenant': ({ b, tenantA }) =>
    b.bulkWrite([{ deleteMany: { filter: {} } }], markOf(tenantA) as never),
  'insertMany for another tenant': ({ b, tenantA, tenantB }) =>
    b.insertMany([fresh(tenantB)], { ...markOf(tenantA), lean: true } as never),
  'insertComplete for another tenant, one': ({ b, tenantA, tenantB }) =>
    guarded(b).insertComplete([fresh(tenantB)], markOf(tenantA)),
  'insertComplete for another tenant, several': ({ b, tenantA, tenantB }) =>
    guarded(b).insertComplete([fresh(tenantA), fresh(tenantB)], markOf(tenantA)),
  'updateMany without a tenant': ({ b, tenantA }) =>
    b.updateMany({}, { $set: { text: 'mine' } }, markOf(tenantA)).exec(),
  'findOneAndUpdate by id': ({ b, documentOfB, tenantA }) =>
    b.findOneAndUpdate({ _id: documentOfB }, { $set: { text: 'mine' } }, { ...markOf(tenantA), lean: true }).exec(),
  'findOneAndDelete by id': ({ b, documentOfB, tenantA }) =>
    b.findOneAndDelete({ _id: documentOfB }, { ...markOf(tenantA), lean: true }).exec(),
  'deleteMany without a tenant': ({ b, tenantA }) => b.deleteMany({}, markOf(tenantA)).exec(),
  'replaceOne by id': ({ b, documentOfB, tenantA }) =>
    b.replaceOne({ _id: documentOfB }, loose(fresh(tenantA)), markOf(tenantA)).exec(),
  'upsert on the id of another’s document': ({ b, documentOfB, tenantA }) =>
    b.updateOne({ _id: documentOfB }, { $set: { text: 'mine' } }, { ...markOf(tenantA), upsert: true }).exec(),
  'tenant_id changed by $set': ({ a, tenantA, tenantB }) => gift(a, tenantA, { $set: { tenant_id: tenantB.id } }),
  'tenant_id changed by $rename': ({ a, tenantA }) => gift(a, tenantA, { $rename: { text: 'tenant_id' } }),
  'tenant_id removed by $unset': ({ a, tenantA }) => gift(a, tenantA, { $unset: { tenant_id: 1 } }),
  'tenant_id changed by an update pipeline': ({ a, tenantA, tenantB }) =>
    a
      .updateMany({ tenant_id: tenantA.id }, [{ $set: { tenant_id: tenantB.id } }], {
        ...markOf(tenantA),
        updatePipeline: true,
      } as never)
      .exec(),
  'save of a document fetched in another’s name': async ({ b, documentOfB, tenantB, tenantA }) => {
    const fetched = await b.findOne({ _id: documentOfB, tenant_id: tenantB.id }, null, markOf(tenantB)).exec();
    fetched!.text = 'mine';
    return fetched!.save(markOf(tenantA) as never);
  },
  'watch without a filter': async ({ b }) => {
    const stream = b.watch();
    try {
      return await stream.next();
    } finally {
      await stream.close();
    }
  },
};

/** What never passes mongoose at all; only the firewall stands there. */
export const DRIVER_ATTACKS: Record<string, ModelAttack> = {
  'the raw collection': ({ b }) => b.collection.find({}).toArray(),
  'the raw collection in A’s name': ({ b, tenantA }) => b.collection.find({}, markOf(tenantA)).toArray(),
  'a getMore on another’s cursor': async ({ b, tenantA, tenantB }) => {
    const cursor = b.collection.find({ tenant_id: tenantB.id }, { ...markOf(tenantB), batchSize: 1 });
    await cursor.next();
    const name = b.collection.collectionName;
    try {
      return await b.db.db!.command({ getMore: cursor.id, collection: name, ...markOf(tenantA) });
    } finally {
      await cursor.close();
    }
  },
  'mapReduce, which the firewall does not know': ({ b, tenantA }) =>
    b.db.db!.command({
      mapReduce: b.collection.collectionName,
      map: 'function () { emit(1, this.text) }',
      reduce: 'function (key, values) { return values.join() }',
      out: { inline: 1 },
      ...markOf(tenantA),
    }),
  'middleware switched off by a smuggled option': ({ b, tenantA }) =>
    b
      .find({}, null, { ...markOf(tenantA), middleware: false } as never)
      .lean()
      .exec(),
  'the control plane’s database': ({ b }) =>
    b.db.getClient().db('caas_platform').collection('server_keys').find({}).toArray(),
  'dropping a collection others live in': ({ b, tenantA }) =>
    b.db.db!.command({ drop: b.collection.collectionName, comment: `placement:${tenantA.id}` }),
  'listing every collection': ({ b, tenantA }) =>
    b.db.db!.command({ listCollections: 1, comment: `placement:${tenantA.id}` }),
};

export type RepositoryAttack = (ctx: RequestContext, field: Battlefield) => Promise<unknown>;
const any = (value: unknown) => value as Filter<Secret> & Update<Secret>;

/** What a domain could send through its repository, with whatever a request body may hold. */
export const REPOSITORY_ATTACKS: Record<string, RepositoryAttack> = {
  findById: (ctx, { documentOfB }) => ctx.repository(secrets).findById(documentOfB),
  'a filter that names another tenant': (ctx, { tenantB }) =>
    ctx.repository(secrets).find(any({ tenant_id: tenantB.id })),
  'a filter with an operator for the tenant': (ctx) => ctx.repository(secrets).find(any({ tenant_id: { $ne: 'x' } })),
  'operators from a request body': (ctx) => ctx.repository(secrets).find(any({ text: { $ne: null } })),
  '$or over every tenant': (ctx, { tenantB }) =>
    ctx.repository(secrets).find(any({ $or: [{ tenant_id: tenantB.id }, {}] })),
  'own __proto__ from JSON': (ctx, { tenantB }) =>
    ctx.repository(secrets).find(any(JSON.parse(`{"__proto__": {"tenant_id": "${tenantB.id}"}}`))),
  'a polluted prototype': async (ctx, { tenantB }) => {
    Object.defineProperty(Object.prototype, 'tenant_id', { value: tenantB.id, configurable: true });
    try {
      return await ctx.repository(secrets).find({});
    } finally {
      delete (Object.prototype as { tenant_id?: string }).tenant_id;
    }
  },
  distinct: (ctx) => ctx.repository(secrets).distinct('text', {}),
  findEncoded: async (ctx) => (await ctx.repository(secrets).findEncoded({})).map((bson) => deserialize(bson)),
  stream: async (ctx) => {
    const rows = [];
    for await (const row of ctx.repository(secrets).stream({}, { batchSize: 1 })) rows.push(row);
    return rows;
  },
  aggregate: (ctx) => ctx.repository(secrets).aggregate([{ $match: {} }]),
  $lookup: (ctx) => ctx.repository(secrets).aggregate([lookup('isolation_secrets', []) as never]),
  '$lookup by another’s physical name': (ctx, { b }) =>
    ctx.repository(secrets).aggregate([lookup(b.collection.collectionName, []) as never]),
  '$lookup inside a $facet': (ctx) =>
    ctx.repository(secrets).aggregate([{ $facet: { x: [lookup('isolation_secrets', [])] } }]),
  $unionWith: (ctx) => ctx.repository(secrets).aggregate([{ $unionWith: 'isolation_secrets' }]),
  $graphLookup: (ctx) =>
    ctx.repository(secrets).aggregate([
      {
        $graphLookup: {
          from: 'isolation_secrets',
          startWith: '$n',
          connectFromField: 'n',
          connectToField: 'n',
          as: 'reached',
          restrictSearchWithMatch: { n: { $gte: 0 } },
        },
      },
    ]),
  $merge: (ctx) => ctx.repository(secrets).aggregate([{ $merge: { into: 'isolation_secrets' } }]),
  $out: (ctx) => ctx.repository(secrets).aggregate([{ $out: 'isolation_secrets' }]),
  'bulkWrite on another’s document': (ctx, { documentOfB }) =>
    ctx
      .repository(secrets)
      .bulkWrite([{ updateOne: { filter: { _id: documentOfB }, update: { $set: { text: 'mine' } } } }]),
  'insertMany with a foreign tenant_id': (ctx, { tenantB }) =>
    ctx.repository(secrets).insertMany([fresh(tenantB) as never]),
  'an update of tenant_id': (ctx, { tenantB }) =>
    ctx.repository(secrets).updateMany({}, any({ $set: { tenant_id: tenantB.id } })),
  'an update pipeline': (ctx, { tenantB }) =>
    ctx.repository(secrets).updateMany({}, any([{ $set: { tenant_id: tenantB.id } }])),
  'a replacement': (ctx, { tenantB }) => ctx.repository(secrets).updateMany({}, any(fresh(tenantB))),
  deleteMany: (ctx, { documentOfB }) => ctx.repository(secrets).deleteMany({ _id: documentOfB }),
  'upsert on another’s id': (ctx, { documentOfB }) =>
    ctx.repository(secrets).updateOne({ _id: documentOfB }, { $set: { text: 'mine' } }, { upsert: true }),
};

const own = (tenant: Tenant): { $match: Record<string, unknown> } => ({ $match: { tenant_id: tenant.id } });
const lookup = (from: string, pipeline: never[]) => ({ $lookup: { from, pipeline, as: 'joined' } });
const fresh = (tenant: Tenant) => ({
  _id: new ObjectId(),
  tenant_id: tenant.id,
  text: 'planted',
  n: 0,
  friend: null,
  created_at: new Date(),
  updated_at: new Date(),
  deleted_at: null,
  __v: 0,
});

/** A count says nothing by itself: any count that is not zero is a leak of how much another tenant has. */
const leaked = (count: number) => (count === 0 ? [] : `CANARY by count: ${count}`);

const gift = (model: Model<Secret>, tenant: Tenant, update: Record<string, unknown>) =>
  model.updateMany({ tenant_id: tenant.id }, loose(update), { ...markOf(tenant), strict: false }).exec();
