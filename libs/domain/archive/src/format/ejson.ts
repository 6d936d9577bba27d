import { ObjectId } from 'bson';

/** The value cannot be represented exactly in relaxed EJSON; the line then carries BSON. */
export class NotPlain extends Error {}

const MIN_YEAR = 1970;
const MAX_YEAR = 9999;

/**
 * Relaxed EJSON (MongoDB Extended JSON v2) of the types that our documents use, as a tree for `JSON.stringify`. Exact: `fromEjson`
 * restores a value whose BSON is identical to the byte.
 * @throws NotPlain
 */
export function toEjson(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || Object.is(value, -0)) throw new NotPlain();
    return value;
  }
  if (Array.isArray(value)) return value.map(toEjson);
  if (typeof value !== 'object') throw new NotPlain();
  if (value instanceof Date) return { $date: dateText(value) };
  const kind = (value as { _bsontype?: string })._bsontype;
  if (kind === 'ObjectId') return { $oid: (value as ObjectId).toHexString() };
  if (kind !== undefined || !isPlain(value)) throw new NotPlain();
  const tree: Record<string, unknown> = {};
  for (const key in value) {
    if (key.startsWith('$') || key === '__proto__') throw new NotPlain();
    tree[key] = toEjson((value as Record<string, unknown>)[key]);
  }
  return tree;
}

/** The reverse of `toEjson`; changes the tree in place. */
export function fromEjson(tree: unknown): unknown {
  if (tree === null || typeof tree !== 'object') return tree;
  if (Array.isArray(tree)) {
    for (let at = 0; at < tree.length; at += 1) tree[at] = fromEjson(tree[at]);
    return tree;
  }
  const fields = tree as Record<string, unknown>;
  if (typeof fields.$oid === 'string') return ObjectId.createFromHexString(fields.$oid);
  if (typeof fields.$date === 'string') return new Date(fields.$date);
  for (const key in fields) {
    const value = fields[key];
    if (value !== null && typeof value === 'object') fields[key] = fromEjson(value);
  }
  return fields;
}

/** ISO 8601, for the years that relaxed EJSON writes this way. @throws NotPlain */
export function dateText(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= MIN_YEAR && year <= MAX_YEAR)) throw new NotPlain();
  return date.toISOString();
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
