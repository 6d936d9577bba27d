import { Injectable } from '@nestjs/common';
import { CaasError, type Tenant } from '#caas/kernel';
import { TenantCatalog } from './catalog/tenant-catalog';
import type { TenantCollectionDefinition, TenantIndex } from './catalog/tenant-collection';
import { ScopedConnection } from './connection/scoped-connection';
import { TenantConnections } from './connection/tenant-connections';
import { placementMark } from './guard/tenant-mark';
import { indexChanges, indexName, specificationOf, type ExistingIndex } from './placements/index-changes';
import { placementOf } from './placements/placement';

/* eslint-disable @typescript-eslint/no-explicit-any -- walks collections of every document type */
type AnyCollection = TenantCollectionDefinition<any>;

const NAMESPACE_NOT_FOUND = 26;

/** By the code or the name of MongoDB's error. */
const REASONS = new Map<unknown, string>([
  [13, 'its credential may not make collections there'],
  [18, 'its credential is refused'],
  ['MongoParseError', 'it is not a MongoDB connection string'],
  ['MongoInvalidArgumentError', 'it is not a MongoDB connection string'],
]);

export interface PlacementDescription {
  placement: Tenant['placement'];
  database: string;
  collections: { name: string; documents: number }[];
}

export interface IndexChanges {
  collection: string;
  created: string[];
  dropped: string[];
}

/** Creates, describes and removes the placement of a tenant's documents. */
@Injectable()
export class Placements {
  /** Shared collections are created once per process and used by all shared tenants. */
  private sharedReady: Promise<void> | null = null;

  constructor(
    private readonly catalog: TenantCatalog,
    private readonly connections: TenantConnections,
  ) {}

  /**
   * Runs `work`. If the tenant has its own database, a failure is reported as the tenant's, not as ours.
   * @throws CaasError `database_uri_unusable` (400)
   */
  async onOwnDatabase<T>(tenant: Tenant, work: () => Promise<T>): Promise<T> {
    if (tenant.databaseUri === null) return work();
    try {
      return await work();
    } catch (error) {
      this.connections.forget(tenant);
      throw unusable(error);
    }
  }

  /** Connects to the tenant's own database, if it has one. @throws what the driver throws, within some seconds */
  async probe({ databaseUri }: Tenant): Promise<void> {
    if (databaseUri !== null) await this.connections.probe(databaseUri);
  }

  /** Creates every collection with every index; safe to repeat and to interrupt. */
  async provision(tenant: Tenant): Promise<void> {
    if (tenant.placement !== 'shared') return this.createAll(tenant);
    this.sharedReady ??= this.createAll(tenant).catch((error: unknown) => {
      this.sharedReady = null;
      throw error;
    });
    return this.sharedReady;
  }

  /**
   * Changes a placement's indexes to those that the schemas declare: creates missing ones, drops undeclared ones.
   * @returns what was changed, or with `dryRun` what would be
   */
  async syncIndexes(tenant: Tenant, { dryRun = false } = {}): Promise<IndexChanges[]> {
    const changes: IndexChanges[] = [];
    for (const collection of this.catalog.all()) {
      const change = await this.syncCollection(tenant, collection, dryRun);
      if (change.created.length + change.dropped.length > 0) changes.push(change);
    }
    return changes;
  }

  /** Removes exactly the tenant's documents: its own collections or database, or its documents in shared collections. */
  async drop(tenant: Tenant): Promise<void> {
    if (tenant.placement === 'dedicated') {
      await this.command(tenant, { dropDatabase: 1 });
    } else {
      for (const collection of this.catalog.all()) {
        if (tenant.placement === 'prefixed') {
          await ignoringMissing(this.command(tenant, { drop: this.physical(tenant, collection) }));
        } else {
          await new ScopedConnection(tenant, this.connections).repository(collection).deleteMany({});
        }
      }
    }
    this.connections.forget(tenant);
  }

  async describe(tenant: Tenant): Promise<PlacementDescription> {
    const connection = new ScopedConnection(tenant, this.connections);
    const collections = [];
    for (const collection of this.catalog.all()) {
      const documents = await connection.repository(collection).count({}, { withDeleted: true });
      collections.push({ name: this.physical(tenant, collection), documents });
    }
    return { placement: tenant.placement, database: placementOf(tenant).database(tenant), collections };
  }

  private async createAll(tenant: Tenant): Promise<void> {
    for (const collection of this.catalog.all()) await this.createMissing(tenant, collection, collection.indexes);
  }

  private async createMissing(
    tenant: Tenant,
    collection: AnyCollection,
    indexes: readonly TenantIndex[],
  ): Promise<void> {
    if (indexes.length === 0) return;
    const name = this.physical(tenant, collection);
    await this.command(tenant, { createIndexes: name, indexes: indexes.map(specificationOf) });
  }

  private async syncCollection(tenant: Tenant, collection: AnyCollection, dryRun: boolean): Promise<IndexChanges> {
    const name = this.physical(tenant, collection);
    const existing = await this.existingIndexes(tenant, name);
    const changes = { collection: name, ...indexChanges(existing, collection.indexes) };
    if (dryRun) return changes;
    for (const index of changes.dropped) await this.command(tenant, { dropIndexes: name, index });
    await this.createMissing(
      tenant,
      collection,
      collection.indexes.filter((index) => changes.created.includes(indexName(index))),
    );
    return changes;
  }

  private async existingIndexes(tenant: Tenant, name: string): Promise<ExistingIndex[]> {
    const reply = await ignoringMissing(this.command(tenant, { listIndexes: name, cursor: { batchSize: 200 } }));
    return reply ? (reply.cursor as { firstBatch: ExistingIndex[] }).firstBatch : [];
  }

  /** As a raw command, because the driver's helpers drop the `comment` that carries the mark. */
  private command(tenant: Tenant, command: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { connection } = this.connections.handleOf(tenant);
    const db = connection.getClient().db(placementOf(tenant).database(tenant));
    return db.command({ ...command, comment: placementMark(tenant.id) });
  }

  private physical(tenant: Tenant, collection: AnyCollection): string {
    return placementOf(tenant).collection(tenant, collection.name);
  }
}

/** Describes the failure in our own words: the driver's message may contain the credential of the URI. */
function unusable(error: unknown): CaasError {
  const { name = '', code } = error as { name?: string; code?: unknown };
  const reason = REASONS.get(code) ?? REASONS.get(name) ?? 'it does not answer';
  return new CaasError(
    'invalid',
    'database_uri_unusable',
    `The database of database_uri cannot be used: ${reason}.`,
    [{ field: 'database_uri', message: `cannot be used: ${reason}` }],
    { cause: error },
  );
}

async function ignoringMissing<T>(operation: Promise<T>): Promise<T | null> {
  try {
    return await operation;
  } catch (error) {
    if ((error as { code?: number }).code === NAMESPACE_NOT_FOUND) return null;
    throw error;
  }
}
