import { documentOfElements, element } from '../bson/build';
import { elementsOf, splitDocuments, type RawElement } from '../bson/raw-document';
import { MongoError } from '../errors/mongo-error';
import type { Command } from './command';
import { sortRefused, type WriteVerb } from './statements';

/** One operation of a bulkWrite, as the engine takes it: the raw document to insert, or the raw statement. */
export interface BulkOperation {
  verb: WriteVerb;
  namespace: string;
  statement: Buffer;
}

const STRING = 0x02;
const DOCUMENT = 0x03;
const ARRAY = 0x04;
const BOOLEAN = 0x08;
const INT32 = 0x10;
const INT64 = 0x12;
const DOUBLE = 0x01;
const UNKNOWN_FIELD = 40_415;
const MISSING_FIELD = 40_414;
const MOST_OPERATIONS = 100_000;

/** What each field of an operation is called in the engine's statement. */
const FIELDS: Readonly<Record<WriteVerb, Readonly<Record<string, string>>>> = {
  insert: { document: 'document' },
  update: {
    filter: 'q',
    updateMods: 'u',
    multi: 'multi',
    upsert: 'upsert',
    arrayFilters: 'arrayFilters',
    collation: 'collation',
    hint: 'hint',
    sort: 'sort',
    constants: 'c',
    upsertSupplied: 'upsertSupplied',
  },
  delete: { filter: 'q', multi: 'limit', collation: 'collation', hint: 'hint' },
};
const REQUIRED: Readonly<Record<WriteVerb, readonly string[]>> = {
  insert: ['document'],
  update: ['filter', 'updateMods'],
  delete: ['filter'],
};

/**
 * The operations of a bulkWrite in their order.
 * @throws MongoError InvalidLength, BadValue for a place that is none in `nsInfo`, TypeMismatch, 40414, 40415, InvalidNamespace
 */
export function operationsOf(command: Command): BulkOperation[] {
  const namespaces = documentsOf(command, 'nsInfo').map(namespaceOf);
  const operations = documentsOf(command, 'ops');
  if (operations.length === 0 || operations.length > MOST_OPERATIONS) {
    throw MongoError.of(
      'InvalidLength',
      `Write batch sizes must be between 1 and ${MOST_OPERATIONS}. Got ${operations.length} operations.`,
    );
  }
  return operations.map((operation, index) => operationOf(operation, index, namespaces));
}

function operationOf(operation: Buffer, index: number, namespaces: string[]): BulkOperation {
  const [first, ...rest] = elementsOf(operation);
  const verb = first?.name as WriteVerb;
  if (!first || !Object.hasOwn(FIELDS, verb)) {
    throw MongoError.of('BadValue', `bulkWrite ops entry ${index} is no insert, update or delete`);
  }
  const namespace = namespaces[integerOf(operation, first, index)];
  if (namespace === undefined) {
    throw MongoError.of('BadValue', `BulkWrite ops entry ${index} has an invalid nsInfo index.`);
  }
  const unknown = rest.find(({ name }) => FIELDS[verb][name] === undefined);
  if (unknown) throw new MongoError(UNKNOWN_FIELD, `BSON field 'bulkWrite.ops.${unknown.name}' is an unknown field.`);
  const missing = REQUIRED[verb].find((needed) => !rest.some(({ name }) => name === needed));
  if (missing)
    throw new MongoError(MISSING_FIELD, `BSON field 'bulkWrite.ops.${missing}' is missing but a required field`);
  if (verb === 'update' && rest.some(({ name }) => name === 'sort'))
    throw sortRefused(isTrue(operation, rest, 'multi'));
  return { verb, namespace, statement: statementOf(verb, operation, rest) };
}

function statementOf(verb: WriteVerb, operation: Buffer, fields: RawElement[]): Buffer {
  if (verb === 'insert') {
    const [document] = fields;
    if (document!.type !== DOCUMENT) throw mistyped('document', 'object');
    return operation.subarray(document!.valueStart, document!.end);
  }
  const renamed = fields
    .filter(({ name }) => verb === 'update' || name !== 'multi')
    .map(({ type, name, valueStart, end }) => element(type, FIELDS[verb][name]!, operation.subarray(valueStart, end)));
  if (verb === 'update') return documentOfElements(renamed);
  const limit = Buffer.alloc(4);
  limit.writeInt32LE(isTrue(operation, fields, 'multi') ? 0 : 1, 0);
  return documentOfElements([...renamed, element(INT32, 'limit', limit)]);
}

function isTrue(operation: Buffer, fields: RawElement[], field: string): boolean {
  const found = fields.find(({ name }) => name === field);
  if (found && found.type !== BOOLEAN) throw mistyped(field, 'bool');
  return found !== undefined && operation[found.valueStart] === 1;
}

function integerOf(document: Buffer, { type, name, valueStart }: RawElement, index: number): number {
  if (type === INT32) return document.readInt32LE(valueStart);
  if (type === INT64) return Number(document.readBigInt64LE(valueStart));
  if (type === DOUBLE) return document.readDoubleLE(valueStart);
  throw mistyped(`${index}.${name}`, 'int');
}

function namespaceOf(info: Buffer, index: number): string {
  const found = [...elementsOf(info)].find(({ name }) => name === 'ns');
  if (found?.type !== STRING) throw mistyped(`nsInfo.${index}.ns`, 'string');
  const namespace = info.toString('utf8', found.valueStart + 4, found.end - 1);
  const dot = namespace.indexOf('.');
  if (dot > 0 && dot < namespace.length - 1 && !namespace.includes('\0')) return namespace;
  throw MongoError.of('InvalidNamespace', `Invalid namespace specified for bulkWrite: '${namespace}'`);
}

/** The raw documents that came beside the command for `field`, or in it. */
function documentsOf({ request }: Command, field: string): Buffer[] {
  const beside = request.sequences.find((sequence) => sequence.field === field);
  if (beside) return splitDocuments(beside.documents);
  const inside = [...elementsOf(request.body)].find(({ name }) => name === field);
  if (!inside) throw new MongoError(MISSING_FIELD, `BSON field 'bulkWrite.${field}' is missing but a required field`);
  if (inside.type !== ARRAY) throw mistyped(field, 'array');
  const list = request.body.subarray(inside.valueStart, inside.end);
  return [...elementsOf(list)].map(({ type, name, valueStart, end }) => {
    if (type !== DOCUMENT) throw mistyped(`${field}.${name}`, 'object');
    return list.subarray(valueStart, end);
  });
}

const mistyped = (field: string, expected: string) =>
  MongoError.of('TypeMismatch', `BSON field 'bulkWrite.${field}' is the wrong type, expected type '${expected}'`);
