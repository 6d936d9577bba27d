import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import type { ClientSession, Model, MongooseBulkWriteOptions } from 'mongoose';
import {
  cutPage,
  type BulkSummary,
  type Filter,
  type FindOptions,
  type InsertSummary,
  type NewDocument,
  type Page,
  type PageRequest,
  type ReadOptions,
  type Sort,
  type Stage,
  type TenantDocument,
  type TenantId,
  type TenantRepository,
  type Update,
  type UpdateOptions,
  type UpdateSummary,
  type WriteOperation,
} from '#caas/kernel';
import { TenantViolation } from '../guard/tenant-guard.error';
import type { GuardedModel } from '../guard/tenant-guard.plugin';
import { dataMark } from '../guard/tenant-mark';
import type { DocumentFactory } from './document-factory';
import { refusedIndexOf, translatingErrors } from './errors';
import { projection } from './projection';
import { scopePipeline } from './scope-pipeline';
import { stamped } from './stamped-update';

type Fields = Record<string, unknown>;

/** The server's first batch when no `batchSize` is given; a larger result needs a second call, which costs as much again. */
const FIRST_BATCH = 101;

/** What a repository needs to know about the placement of its documents. */
export interface RepositorySource<D extends TenantDocument> {
  tenantId: TenantId;
  collection: string;
  model: Model<D>;
  factory: DocumentFactory<D>;
  session: ClientSession | undefined;
  physicalName(logicalName: string): string;
}

/**
 * The first of the three layers (design §2). It builds every operation with the tenant in it, and gives no access to mongoose or
 * the driver, which would accept operations without a tenant.
 */
export class ScopedRepository<D extends TenantDocument> implements TenantRepository<D> {
  constructor(private readonly source: RepositorySource<D>) {}

  findById(id: ObjectId, options?: ReadOptions): Promise<D | null> {
    return this.findOne({ _id: id } as Filter<D>, options);
  }

  findOne(filter: Filter<D>, options: FindOptions<D> = {}): Promise<D | null> {
    return this.run(() =>
      this.source.model.findOne(this.scoped(filter, options), projection(options), this.readOptions(options)).exec(),
    ) as Promise<D | null>;
  }

  find(filter: Filter<D>, options: FindOptions<D> = {}): Promise<D[]> {
    return this.run(() => this.query(filter, options).exec()) as Promise<D[]>;
  }

  findEncoded = (filter: Filter<D>, options: FindOptions<D> = {}) =>
    this.run(() => this.query(filter, options).setOptions({ raw: true }).exec()) as Promise<never>;

  stream(filter: Filter<D>, options: FindOptions<D> & { batchSize?: number } = {}): AsyncIterable<D> {
    return this.query(filter, options).cursor({ batchSize: options.batchSize ?? 500 }) as unknown as AsyncIterable<D>;
  }

  async page(filter: Filter<D>, request: PageRequest, options: ReadOptions = {}): Promise<Page<D>> {
    const beyond = request.direction === 'backward' ? '$lt' : '$gt';
    const bounds = request.cursor === null ? {} : { _id: { [beyond]: new BsonObjectId(request.cursor) } };
    const rows = await this.find({ $and: [filter, bounds] } as unknown as Filter<D>, {
      ...options,
      sort: { _id: request.direction === 'backward' ? -1 : 1 } as Sort<D>,
      limit: request.limit + 1,
    });
    return cutPage(rows, request, (row) => row._id.toHexString());
  }

  count(filter: Filter<D>, options: ReadOptions = {}): Promise<number> {
    return this.run(() => this.source.model.countDocuments(this.scoped(filter, options), this.marked()).exec());
  }

  distinct<T>(field: keyof D & string, filter: Filter<D>, options: ReadOptions = {}): Promise<T[]> {
    return this.run(() =>
      this.source.model.distinct(field, this.scoped(filter, options) as never, this.marked() as never).exec(),
    ) as unknown as Promise<T[]>;
  }

  async aggregate<T>(pipeline: Stage[], options: ReadOptions = {}): Promise<T[]> {
    const scope = {
      tenantId: this.source.tenantId,
      match: this.scoped({} as Filter<D>, options),
      physicalName: this.source.physicalName,
    };
    const scoped = scopePipeline(pipeline, scope);
    return this.run(() => this.source.model.aggregate<T>(scoped as never[], this.marked()).exec());
  }

  async insertOne(document: NewDocument<D>): Promise<D> {
    const [inserted] = await this.insertMany([document]);
    return inserted!;
  }

  async insertMany(documents: NewDocument<D>[]): Promise<D[]> {
    if (documents.length === 0) return [];
    return this.insert(this.complete(documents));
  }

  async insertUntilRefused(documents: NewDocument<D>[]): Promise<InsertSummary<D>> {
    if (documents.length === 0) return { documents: [], stored: 0, refused: null };
    const complete = this.complete(documents);
    try {
      await this.insert(complete);
      return { documents: complete, stored: complete.length, refused: null };
    } catch (error) {
      const refused = refusedIndexOf(error);
      if (refused === null) throw error;
      return { documents: complete, stored: refused, refused };
    }
  }

  async insertWhole(documents: D[]): Promise<void> {
    if (documents.length === 0) return;
    if (documents.some(({ tenant_id }) => tenant_id !== this.source.tenantId)) {
      throw new TenantViolation('repository', 'a document of another tenant that is put back');
    }
    await this.insert(documents);
  }

  async updateOne(filter: Filter<D>, update: Update<D>, options: UpdateOptions = {}): Promise<UpdateSummary> {
    return this.update('updateOne', filter, update, options);
  }

  async updateMany(filter: Filter<D>, update: Update<D>, options: UpdateOptions = {}): Promise<UpdateSummary> {
    return this.update('updateMany', filter, update, options);
  }

  findOneAndUpdate(
    filter: Filter<D>,
    update: Update<D>,
    options: UpdateOptions & { returning?: 'before' | 'after'; sort?: Sort<D> } = {},
  ): Promise<D | null> {
    const { returning = 'after', sort, ...rest } = options;
    return this.run(() =>
      this.source.model
        .findOneAndUpdate(this.scoped(filter, options), stamped(update, options) as never, {
          ...this.writeOptions(rest),
          ...(sort ? { sort } : {}),
          lean: true,
          returnDocument: returning,
        })
        .exec(),
    ) as Promise<D | null>;
  }

  softDelete(filter: Filter<D>): Promise<D | null> {
    return this.findOneAndUpdate(filter, { $set: { deleted_at: new Date() } } as unknown as Update<D>);
  }

  async deleteOne(filter: Filter<D>): Promise<number> {
    const scoped = this.scoped(filter, { withDeleted: true });
    const { deletedCount } = await this.run(() => this.source.model.deleteOne(scoped, this.marked()).exec());
    return deletedCount;
  }

  async deleteMany(filter: Filter<D>): Promise<number> {
    const scoped = this.scoped(filter, { withDeleted: true });
    const { deletedCount } = await this.run(() => this.source.model.deleteMany(scoped, this.marked()).exec());
    return deletedCount;
  }

  async bulkWrite(operations: WriteOperation<D>[], options: { ordered?: boolean } = {}): Promise<BulkSummary> {
    if (operations.length === 0) return { inserted: 0, matched: 0, modified: 0, deleted: 0, upserted: 0 };
    const now = new Date();
    const scoped = operations.map((operation) => this.scopedOperation(operation, now));
    const bulkOptions = { ...this.marked(), ordered: options.ordered ?? true } as MongooseBulkWriteOptions;
    const result = await this.run(() => this.source.model.bulkWrite(scoped as never[], bulkOptions));
    return {
      inserted: result.insertedCount,
      matched: result.matchedCount,
      modified: result.modifiedCount,
      deleted: result.deletedCount,
      upserted: result.upsertedCount,
    };
  }

  private complete(documents: NewDocument<D>[]): D[] {
    const now = new Date();
    return documents.map((document) => this.source.factory.complete(this.source.tenantId, document, now));
  }

  private async insert(complete: D[]): Promise<D[]> {
    const model = this.source.model as GuardedModel<D>;
    await this.run(() => model.insertComplete(complete, this.marked()));
    return complete;
  }

  private async update(
    method: 'updateOne' | 'updateMany',
    filter: Filter<D>,
    update: Update<D>,
    options: UpdateOptions,
  ): Promise<UpdateSummary> {
    const result = await this.run(() =>
      this.source.model[method](
        this.scoped(filter, options),
        stamped(update, options) as never,
        this.writeOptions(options) as never,
      ).exec(),
    );
    return {
      matched: result.matchedCount,
      modified: result.modifiedCount,
      upsertedId: result.upsertedId as ObjectId | null,
    };
  }

  private query(filter: Filter<D>, options: FindOptions<D>) {
    return this.source.model.find(this.scoped(filter, options), projection(options), this.readOptions(options));
  }

  /** The caller's filter with the tenant at its top level. Spread instead of assigned: an own `__proto__` key stays a plain key. */
  private scoped(filter: Filter<D>, { withDeleted }: ReadOptions): Fields {
    const given = filter as Fields;
    if (Object.hasOwn(given, 'tenant_id')) throw new TenantViolation('repository', 'a filter that names a tenant');
    const scoped: Fields = { tenant_id: this.source.tenantId, ...given };
    if (!withDeleted && !Object.hasOwn(given, 'deleted_at')) scoped.deleted_at = null;
    return scoped;
  }

  private scopedOperation(operation: WriteOperation<D>, now: Date): Fields {
    if ('insertOne' in operation) {
      return {
        insertOne: { document: this.source.factory.complete(this.source.tenantId, operation.insertOne.document, now) },
      };
    }
    if ('deleteOne' in operation) {
      return { deleteOne: { filter: this.scoped(operation.deleteOne.filter, { withDeleted: true }) } };
    }
    if ('deleteMany' in operation) {
      return { deleteMany: { filter: this.scoped(operation.deleteMany.filter, { withDeleted: true }) } };
    }
    const [kind, statement] =
      'updateOne' in operation
        ? (['updateOne', operation.updateOne] as const)
        : (['updateMany', { upsert: false, ...operation.updateMany }] as const);
    const { filter, update, upsert = false, withDeleted = upsert, arrayFilters } = statement;
    return {
      [kind]: {
        filter: this.scoped(filter, { withDeleted }),
        update: stamped(update, { upsert }, now),
        upsert,
        timestamps: false,
        ...(arrayFilters ? { arrayFilters } : {}),
      },
    };
  }

  private marked(): Fields & { comment: string } {
    const { session, tenantId } = this.source;
    return session ? { comment: dataMark(tenantId), session } : { comment: dataMark(tenantId) };
  }

  private readOptions({ sort, limit, skip }: FindOptions<D>): Fields {
    const options: Fields = { ...this.marked(), lean: true };
    if (sort) options.sort = sort;
    if (limit !== undefined) options.limit = limit;
    if (limit !== undefined && limit > FIRST_BATCH) options.batchSize = limit;
    if (skip !== undefined) options.skip = skip;
    return options;
  }

  private writeOptions({ upsert = false, arrayFilters }: UpdateOptions): Fields {
    return {
      ...this.marked(),
      upsert,
      timestamps: false,
      setDefaultsOnInsert: true,
      ...(arrayFilters ? { arrayFilters } : {}),
    };
  }

  private run = <T>(operation: () => Promise<T>): Promise<T> => translatingErrors(this.source.collection, operation);
}
