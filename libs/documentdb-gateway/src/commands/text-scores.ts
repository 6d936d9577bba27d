import { serialize } from 'bson';
import { decodeExact } from '../bson/decode';
import type { Command } from './command';

type Fields = Record<string, unknown>;

/** Fields of a find that an aggregate has as well, under the same name. */
const SHARED = ['hint', 'collation', 'let', 'allowDiskUse'];

/**
 * A projection that only adds `$meta` keeps all other fields. The engine takes it for one that names the fields to keep, so such a
 * find goes to it as the pipeline that means the same.
 * @returns the body of an aggregate with the same reply; null to send the find as it is
 */
export function scoredFind({ body }: Command): Buffer | null {
  if (!body.includes('$meta')) return null;
  const find = decodeExact(body);
  const entries = Object.entries(fieldsOf(find.projection));
  const scores = entries.filter(([, value]) => '$meta' in fieldsOf(value));
  const others = entries.filter(([, value]) => !('$meta' in fieldsOf(value)));
  if (scores.length === 0 || !others.every(([, value]) => isExclusion(value))) return null;
  const { filter = {}, sort, skip, limit, batchSize, singleBatch } = find;
  const pipeline = [
    { $match: filter },
    ...(Object.keys(fieldsOf(sort)).length > 0 ? [{ $sort: sort }] : []),
    ...(Number(skip ?? 0) > 0 ? [{ $skip: skip }] : []),
    ...(Number(limit ?? 0) > 0 ? [{ $limit: limit }] : []),
    { $addFields: Object.fromEntries(scores) as Fields },
    ...(others.length > 0 ? [{ $project: Object.fromEntries(others) as Fields }] : []),
  ];
  // A single batch holds all that there is.
  const size = String(singleBatch) === 'true' && Number(limit ?? 0) > 0 ? limit : batchSize;
  const passed = Object.fromEntries(SHARED.filter((name) => name in find).map((name) => [name, find[name]]));
  return Buffer.from(
    serialize(
      { aggregate: find.find, pipeline, cursor: size === undefined ? {} : { batchSize: size }, ...passed },
      { ignoreUndefined: false },
    ),
  );
}

const isExclusion = (value: unknown) => value === false || (typeof value !== 'boolean' && Number(value) === 0);
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('_bsontype' in value)
    ? (value as Fields)
    : {};
