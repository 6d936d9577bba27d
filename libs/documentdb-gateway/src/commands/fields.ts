import { Long } from 'bson';
import { MongoError } from '../errors/mongo-error';

type Fields = Record<string, unknown>;

/** A field of a command that must hold a document. @throws MongoError TypeMismatch */
export function documentIn(fields: Fields, field: string): Fields {
  return documentOf(fields[field], field);
}

/** A field of a command that may hold a list of documents. @throws MongoError TypeMismatch */
export function documentsIn(fields: Fields, field: string): Fields[] {
  return listIn(fields, field).map((value, index) => documentOf(value, `${field}.${index}`));
}

/** A field of a command that may hold a list. @throws MongoError TypeMismatch */
export function listIn(fields: Fields, field: string): unknown[] {
  const value = fields[field] ?? [];
  if (Array.isArray(value)) return value;
  throw wrongType(field, 'array');
}

/** The id of a cursor. @throws MongoError TypeMismatch */
export function cursorIdOf(value: unknown, field: string): bigint {
  if (Long.isLong(value)) return value.toBigInt();
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw wrongType(field, 'long');
}

function documentOf(value: unknown, field: string): Fields {
  const isDocument = typeof value === 'object' && value !== null && !Array.isArray(value) && !('_bsontype' in value);
  if (isDocument && !(value instanceof Date) && !ArrayBuffer.isView(value)) return value as Fields;
  throw wrongType(field, 'object');
}

export const wrongType = (field: string, expected?: string) =>
  MongoError.of(
    'TypeMismatch',
    `BSON field '${field}' is of a wrong type${expected ? `, expected type '${expected}'` : ''}`,
  );

/** A number as a client may send it: int32, int64, double. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (Long.isLong(value)) return value.toNumber();
  if (typeof value === 'bigint') return Number(value);
  return null;
}
