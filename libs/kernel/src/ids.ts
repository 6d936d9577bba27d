import { randomBytes, randomFillSync } from 'node:crypto';
import { ObjectId } from 'bson';
import { invalid } from './errors';

declare const tenantIdBrand: unique symbol;

/** `clnt_` and 6 to 24 of `[a-z0-9]`: safe inside database, collection, object, room and cache names. */
export type TenantId = string & { readonly [tenantIdBrand]: true };

const TENANT_ID = /^clnt_[a-z0-9]{6,24}$/;
const EXTERNAL_ID = /^[A-Za-z0-9._@:+-]{1,128}$/;
const RESERVED_EXTERNAL_IDS = new Set(['me', '.', '..']);
const OBJECT_ID = /^[0-9a-f]{24}$/;
const TENANT_ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function isTenantId(value: unknown): value is TenantId {
  return typeof value === 'string' && TENANT_ID.test(value);
}

/** @throws CaasError `invalid_tenant_id` (400) */
export function parseTenantId(value: unknown): TenantId {
  if (isTenantId(value)) return value;
  throw invalid('invalid_tenant_id', 'A tenant id is "clnt_" followed by 6 to 24 lower-case letters or digits.');
}

/** A fresh tenant id of 12 random characters (about 62 bits). */
export function newTenantId(): TenantId {
  const characters = Array.from(randomBytes(12), (byte) => TENANT_ID_ALPHABET[byte % TENANT_ID_ALPHABET.length]);
  return `clnt_${characters.join('')}` as TenantId;
}

/**
 * A tenant's id for a user: 1 to 128 of `[A-Za-z0-9._@:+-]`. `me`, `.` and `..` are reserved, since they have another meaning in
 * a path.
 */
export function isExternalId(value: unknown): value is string {
  return typeof value === 'string' && EXTERNAL_ID.test(value) && !RESERVED_EXTERNAL_IDS.has(value);
}

/** 24 lower-case hexadecimal digits, the only spelling of an id that CaaS produces. */
export function isObjectIdHex(value: unknown): value is string {
  return typeof value === 'string' && OBJECT_ID.test(value);
}

/** @throws CaasError `invalid_id` (400) when `value` is not 24 lower-case hexadecimal digits */
export function parseObjectId(value: unknown, field = 'id'): ObjectId {
  if (isObjectIdHex(value)) return new ObjectId(value);
  throw invalid('invalid_id', `"${field}" must be an id of 24 hexadecimal digits.`, [
    { field, message: 'must be an id of 24 hexadecimal digits' },
  ]);
}

const REQUEST_ID_BYTES = 12;
/** Random bytes are fetched in blocks: fetching them per id took a tenth of the time of an empty request. */
const RANDOM_POOL_BYTES = 4096;
const randomPool = Buffer.allocUnsafe(RANDOM_POOL_BYTES);
let nextRandom = RANDOM_POOL_BYTES;

/** Identifies one request in logs, problems, jobs and events: `req_` and 24 hexadecimal digits. */
export function newRequestId(): string {
  if (nextRandom + REQUEST_ID_BYTES > RANDOM_POOL_BYTES) {
    randomFillSync(randomPool);
    nextRandom = 0;
  }
  return `req_${randomPool.toString('hex', nextRandom, (nextRandom += REQUEST_ID_BYTES))}`;
}
