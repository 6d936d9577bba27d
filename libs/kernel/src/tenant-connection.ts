import type { ObjectId } from 'bson';
import type { Page, PageRequest } from './paging';
import type { TenantId } from './ids';
import type { Placement } from './tenant';

/** The fields of every tenant document. `__v` grows with every update (optimistic lock, and the ETag over HTTP). */
export interface TenantDocument {
  _id: ObjectId;
  tenant_id: string;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
  __v: number;
}

/** Names a collection of tenant data and the type of its documents; made by `tenantCollection` in `libs/tenancy`. */
export interface TenantCollection<D extends TenantDocument> {
  readonly name: string;
  /** Carries the document type; never present at run time. */
  readonly documentType?: D;
}

/** A filter never names the tenant: the repository adds it. */
export type Filter<D> = { [K in Exclude<keyof D, 'tenant_id'>]?: unknown } & {
  [path: `${string}.${string}`]: unknown;
  $or?: Filter<D>[];
  $and?: Filter<D>[];
  $nor?: Filter<D>[];
  $expr?: unknown;
  $text?: { $search: string };
  tenant_id?: never;
};

type Fields<D> = { [K in Exclude<keyof D, 'tenant_id' | '_id' | '__v'>]?: unknown } & {
  [path: `${string}.${string}`]: unknown;
};

/** Update operators only; the repository adds `__v` and `updated_at` itself. */
export interface Update<D> {
  $set?: Fields<D>;
  $setOnInsert?: Fields<D> & { _id?: ObjectId };
  $unset?: Fields<D>;
  $inc?: Fields<D>;
  $max?: Fields<D>;
  $min?: Fields<D>;
  $push?: Fields<D>;
  $pull?: Fields<D>;
  $addToSet?: Fields<D>;
}

export type Sort<D> = Partial<Record<(keyof D & string) | `${string}.${string}`, 1 | -1>>;

export interface ReadOptions {
  /** Also soft-deleted documents. */
  withDeleted?: boolean;
}

export interface FindOptions<D> extends ReadOptions {
  sort?: Sort<D>;
  limit?: number;
  skip?: number;
  /** Fields to return; all when absent. */
  fields?: (keyof D & string)[];
}

export interface UpdateOptions extends ReadOptions {
  upsert?: boolean;
  /** Leaves `updated_at` unchanged, for updates that readers of the document do not see. */
  quiet?: boolean;
  /** For `$[identifier]` paths. */
  arrayFilters?: Record<string, unknown>[];
}

export type NewDocument<D extends TenantDocument> = Omit<D, keyof TenantDocument> & {
  _id?: ObjectId;
  created_at?: Date;
};

export type WriteOperation<D extends TenantDocument> =
  | { insertOne: { document: NewDocument<D> } }
  | {
      updateOne: {
        filter: Filter<D>;
        update: Update<D>;
        upsert?: boolean;
        withDeleted?: boolean;
        arrayFilters?: Record<string, unknown>[];
      };
    }
  | {
      updateMany: {
        filter: Filter<D>;
        update: Update<D>;
        withDeleted?: boolean;
        arrayFilters?: Record<string, unknown>[];
      };
    }
  | { deleteOne: { filter: Filter<D> } }
  | { deleteMany: { filter: Filter<D> } };

/** One stage of a pipeline, naming other collections by their logical name (`users`), never the physical one. */
export type Stage = Record<`$${string}`, unknown>;

/**
 * One collection, limited to one tenant's documents; no call here can leave the tenant. Documents are returned as plain objects.
 * Reads skip soft-deleted documents unless `withDeleted` is set.
 */
export interface TenantRepository<D extends TenantDocument> {
  findById(id: ObjectId, options?: ReadOptions): Promise<D | null>;
  findOne(filter: Filter<D>, options?: FindOptions<D>): Promise<D | null>;
  find(filter: Filter<D>, options?: FindOptions<D>): Promise<D[]>;
  /** The same documents, each encoded as BSON: for callers that pass them on and need no decoding. */
  findEncoded(filter: Filter<D>, options?: FindOptions<D>): Promise<Uint8Array[]>;
  /** Iterates over a large result without holding it in memory; reads from the primary. */
  stream(filter: Filter<D>, options?: FindOptions<D> & { batchSize?: number }): AsyncIterable<D>;
  /**
   * One page by `_id`, newest first for `backward`, oldest first for `forward`.
   * @throws CaasError `invalid_cursor` (400) only from parsing; a cursor without a document is a position in the order of ids
   */
  page(filter: Filter<D>, request: PageRequest, options?: ReadOptions): Promise<Page<D>>;
  count(filter: Filter<D>, options?: ReadOptions): Promise<number>;
  distinct<T = unknown>(field: keyof D & string, filter: Filter<D>, options?: ReadOptions): Promise<T[]>;
  aggregate<T = unknown>(pipeline: Stage[], options?: ReadOptions): Promise<T[]>;
  /** @throws DuplicateKeyError */
  insertOne(document: NewDocument<D>): Promise<D>;
  /** @throws DuplicateKeyError */
  insertMany(documents: NewDocument<D>[]): Promise<D[]>;
  /**
   * Inserts in the given order, up to the first document that is refused. The documents before it are stored; it and those after
   * it are not. For use outside transactions.
   */
  insertUntilRefused(documents: NewDocument<D>[]): Promise<InsertSummary<D>>;
  /**
   * Restores documents that belonged to this tenant before, byte for byte: ids, times and versions are kept.
   * @throws DuplicateKeyError, and TenantViolation for a document of another tenant
   */
  insertWhole(documents: D[]): Promise<void>;
  updateOne(filter: Filter<D>, update: Update<D>, options?: UpdateOptions): Promise<UpdateSummary>;
  updateMany(filter: Filter<D>, update: Update<D>, options?: UpdateOptions): Promise<UpdateSummary>;
  findOneAndUpdate(
    filter: Filter<D>,
    update: Update<D>,
    options?: UpdateOptions & { returning?: 'before' | 'after'; sort?: Sort<D> },
  ): Promise<D | null>;
  /** Sets `deleted_at`; returns the document after that, or null when there was none. */
  softDelete(filter: Filter<D>): Promise<D | null>;
  /** Removes for good, soft-deleted or not. */
  deleteOne(filter: Filter<D>): Promise<number>;
  deleteMany(filter: Filter<D>): Promise<number>;
  bulkWrite(operations: WriteOperation<D>[], options?: { ordered?: boolean }): Promise<BulkSummary>;
}

export interface InsertSummary<D> {
  /** All given documents, complete as they were sent. */
  documents: D[];
  /** How many of them, from the first on, are stored. */
  stored: number;
  /** The index of the document that a unique index refused; null when none was. */
  refused: number | null;
}

export interface UpdateSummary {
  matched: number;
  modified: number;
  upsertedId: ObjectId | null;
}

export interface BulkSummary {
  inserted: number;
  matched: number;
  modified: number;
  deleted: number;
  upserted: number;
}

/** The connection to one tenant's data for one request, message or job; how it is opened depends on the tier. */
export interface TenantConnection {
  readonly tenantId: TenantId;
  readonly placement: Placement;
  readonly inTransaction: boolean;
  repository<D extends TenantDocument>(collection: TenantCollection<D>): TenantRepository<D>;
  /** Runs `work` in one transaction, and repeats it from the start when the engine reports a transient conflict. */
  transaction<T>(work: (connection: TenantConnection) => Promise<T>): Promise<T>;
  /** Runs `effect` once the surrounding transaction has committed, or now when there is none. Effects must not throw. */
  afterCommit(effect: () => void): void;
}

/** A unique index refused the write. `keyPattern` names the index' fields, without the tenant. */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError';

  constructor(
    readonly collection: string,
    readonly keyPattern: string[],
    options?: { cause?: unknown },
  ) {
    super(`A document with the same ${keyPattern.join(', ')} exists in ${collection}.`, options);
  }
}
