import { Model, type Aggregate, type Query, type Schema } from 'mongoose';
import { readMark } from './tenant-mark';
import { TenantViolation } from './tenant-guard.error';

type Fields = Record<string, unknown>;
type WriteOperations = Record<string, Fields>[];

const FILTERED_READS = ['find', 'findOne', 'countDocuments', 'distinct'] as const;
const FILTERED_WRITES = [
  'findOneAndUpdate',
  'findOneAndReplace',
  'findOneAndDelete',
  'updateOne',
  'updateMany',
  'replaceOne',
  'deleteOne',
  'deleteMany',
] as const;

/** Stages that work outside the collection they are called on, and so may reach other tenants. */
const WRITING_STAGES = new Set(['$out', '$merge', '$changeStream', '$changeStreamSplitLargeEvent']);

/**
 * The second of the three layers (design §2): a mongoose plugin on every tenant schema. It does not rely on the caller to limit
 * an operation to a tenant: an operation without a tenant mark, or whose filter does not begin with that tenant's id, throws
 * before mongoose calls the driver. Tests may switch the plugin off through `guard.enabled`, to test the other two layers without
 * it.
 */
export function guardTenantSchema(schema: Schema): void {
  schema.pre([...FILTERED_READS], { document: false, query: true }, function (this: Query<unknown, unknown>) {
    guardFilter(this.getOptions(), this.getFilter());
  });
  schema.pre([...FILTERED_WRITES], { document: false, query: true }, function (this: Query<unknown, unknown>) {
    const tenantId = guardFilter(this.getOptions(), this.getFilter());
    guardUpdate(tenantId, this.getUpdate());
  });
  schema.pre('estimatedDocumentCount', function () {
    if (guard.enabled) refuse('a count of the whole collection counts every tenant');
  });
  schema.pre('aggregate', function (this: Aggregate<unknown>) {
    if (!guard.enabled) return;
    guardPipeline(claimedTenant(this.options as Fields), this.pipeline());
  });
  // A hook of insertMany does not receive the options, which hold the mark: so the method itself is guarded.
  schema.static('insertMany', async function (this: Model<unknown>, documents: unknown, options?: Fields) {
    if (guard.enabled) {
      const tenantId = claimedTenant(options);
      for (const document of [documents].flat()) guardDocument(tenantId, document as Fields);
    }
    return (insertMany as (...parameters: unknown[]) => Promise<unknown>).call(this, documents, options);
  });
  schema.static('insertComplete', async function (this: Model<unknown>, documents: Fields[], options: Fields) {
    if (guard.enabled) {
      const tenantId = claimedTenant(options);
      for (const document of documents) guardDocument(tenantId, document);
    }
    if (documents.length === 1) await this.collection.insertOne(documents[0]!, options);
    else await this.collection.insertMany(documents, { ...options, ordered: true });
  });
  schema.pre('bulkWrite', function (operations: unknown, options?: unknown) {
    if (!guard.enabled) return;
    const tenantId = claimedTenant(options as Fields);
    for (const operation of operations as WriteOperations) guardWriteOperation(tenantId, operation);
  });
  schema.pre('save', function (options?: unknown) {
    if (!guard.enabled) return;
    guardDocument(claimedTenant(options as Fields), this as unknown as Fields);
    if (this.isModified('tenant_id') && !this.isNew) refuse('a document never changes its tenant');
  });
}

const { insertMany } = Model;

/** Methods that the plugin adds to a model. */
export interface GuardedModel<D> extends Model<D> {
  /** Inserts complete documents in order, without mongoose: it would take longer than the driver. */
  insertComplete(documents: D[], options: Fields): Promise<void>;
}

/** The switch for tests of the other layers; production code never changes it. */
export const guard = { enabled: true };

function guardFilter(options: unknown, filter: Fields): string {
  if (!guard.enabled) return '';
  const tenantId = claimedTenant(options as Fields);
  requireTenant(tenantId, filter, 'the filter');
  if ((options as Fields).collation !== undefined) refuse('a collation changes what equals a tenant id');
  return tenantId;
}

function claimedTenant(options: Fields | undefined): string {
  const mark = readMark(options?.comment);
  if (mark?.purpose !== 'data') return refuse('the operation does not say for which tenant it runs');
  return mark.tenantId;
}

function requireTenant(tenantId: string, fields: unknown, what: string): void {
  const own = fields !== null && typeof fields === 'object' && Object.hasOwn(fields, 'tenant_id');
  if (!own || (fields as Fields).tenant_id !== tenantId) refuse(`${what} is not led by the tenant`);
}

/**
 * Checks a plain object or a hydrated document. Both must have `tenant_id` as a field of their own; a polluted prototype does not
 * count.
 */
function guardDocument(tenantId: string, document: Fields): void {
  const plain = typeof document.toObject === 'function' ? (document.toObject() as Fields) : document;
  requireTenant(tenantId, plain, 'a document');
}

function guardUpdate(tenantId: string, update: unknown): void {
  if (!guard.enabled || update === null || update === undefined) return;
  if (Array.isArray(update)) refuse('an update pipeline could compute another tenant');
  for (const [operator, operand] of Object.entries(update as Fields)) {
    if (!operator.startsWith('$')) {
      if (operator === 'tenant_id' && operand !== tenantId) refuse('a replacement names another tenant');
      continue;
    }
    const fields = operand as Fields;
    const touched = Object.keys(fields).includes('tenant_id') || Object.values(fields).includes('tenant_id');
    const repeats = operator === '$setOnInsert' && fields.tenant_id === tenantId;
    if (touched && !repeats) refuse('an update touches tenant_id');
  }
}

function guardWriteOperation(tenantId: string, operation: Record<string, Fields>): void {
  for (const [kind, parts] of Object.entries(operation)) {
    if (kind === 'insertOne') {
      guardDocument(tenantId, parts.document as Fields);
      continue;
    }
    requireTenant(tenantId, parts.filter, `the filter of ${kind}`);
    if (kind === 'replaceOne') requireTenant(tenantId, parts.replacement, 'a replacement');
    else guardUpdate(tenantId, parts.update);
  }
}

function guardPipeline(tenantId: string, pipeline: unknown): void {
  const [first, ...rest] = (pipeline ?? []) as Fields[];
  requireTenant(tenantId, first?.$match, 'a pipeline');
  for (const stage of rest) {
    for (const [name, operand] of Object.entries(stage)) guardStage(tenantId, name, operand as Fields);
  }
}

function guardStage(tenantId: string, name: string, operand: Fields): void {
  if (WRITING_STAGES.has(name)) refuse(`${name} leaves the tenant`);
  if (name === '$lookup' || name === '$unionWith') guardPipeline(tenantId, operand.pipeline);
  if (name === '$graphLookup') requireTenant(tenantId, operand.restrictSearchWithMatch, 'a $graphLookup');
  if (name === '$facet') for (const branch of Object.values(operand)) guardPipeline(tenantId, branch);
}

function refuse(reason: string): never {
  throw new TenantViolation('schema', reason);
}
