import { SchemaFactory } from '@nestjs/mongoose';
import type { Schema } from 'mongoose';
import type { TenantCollection, TenantDocument } from '#caas/kernel';
import { guardTenantSchema } from '../guard/tenant-guard.plugin';

export interface TenantIndex {
  /** Fields in the order of the index. `tenant_id` comes first, except in a TTL index, to which MongoDB allows one field only. */
  key: Record<string, 1 | -1 | 'text'>;
  /** The query that the index serves, in words. */
  serves: string;
  unique?: boolean;
  /** Only matching documents are in the index. */
  partial?: Record<string, unknown>;
  /** Makes it a TTL index: documents are removed this long after the date in the field. */
  expireAfterSeconds?: number;
}

/** A collection of tenant data as its domain declares it. Only tenancy uses its contents. */
export interface TenantCollectionDefinition<D extends TenantDocument> extends TenantCollection<D> {
  readonly schema: Schema;
  readonly indexes: readonly TenantIndex[];
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- collections of every document type */
const declared: TenantCollectionDefinition<any>[] = [];

/** All collections declared by the code loaded so far: for programs that are no Nest application and have no catalogue. */
export const declaredCollections = (): readonly (typeof declared)[number][] => declared;

const COLLECTION_NAME = /^[a-z][a-z_]{2,40}$/;

/**
 * Declares a collection of tenant data.
 * @param documentClass a `@Schema()` class that extends `TenantDocumentBase`
 * @throws Error at load time when a compound index does not start with `tenant_id`
 */
export function tenantCollection<D extends TenantDocument>(
  documentClass: abstract new () => D,
  { name, indexes }: { name: string; indexes: TenantIndex[] },
): TenantCollectionDefinition<D> {
  if (!COLLECTION_NAME.test(name) || name.startsWith('clnt_')) throw new Error(`"${name}" is no name for a collection`);
  for (const index of indexes) assertTenantFirst(name, index);
  const schema = SchemaFactory.createForClass(documentClass as new () => D) as unknown as Schema;
  schema.set('strict', 'throw');
  schema.set('strictQuery', 'throw');
  schema.set('versionKey', false);
  schema.set('minimize', false);
  schema.set('autoIndex', false);
  schema.set('autoCreate', false);
  guardTenantSchema(schema);
  const definition = { name, schema, indexes };
  declared.push(definition);
  return definition;
}

function assertTenantFirst(collection: string, index: TenantIndex): void {
  const [first, ...rest] = Object.keys(index.key);
  const isTtl = index.expireAfterSeconds !== undefined && rest.length === 0;
  if (first === 'tenant_id' || isTtl) return;
  throw new Error(`The index {${Object.keys(index.key)}} of ${collection} must start with tenant_id`);
}
