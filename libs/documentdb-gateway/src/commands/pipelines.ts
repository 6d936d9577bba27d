import { serialize } from 'bson';
import { decodeExact } from '../bson/decode';
import { MongoError } from '../errors/mongo-error';
import type { Command } from './command';

type Fields = Record<string, unknown>;
type Stage = Fields;

/** The stages whose presence anywhere in the command makes it worth decoding. */
const MENDED = ['$redact', '$count', '$bucketAuto', '$densify', '$documents', '$collStats', '$indexStats'];
/** The engine makes nothing of `$merge` behind these, or ends by a signal. */
const SOURCES = ['$documents', '$collStats', '$indexStats', '$currentOp'];

/**
 * What `$redact` prunes stays in the engine's stream: as null, or as an empty document inside another stage's pipeline. The next
 * stage would count it.
 */
const NOT_PRUNED: Stage = { $match: { $expr: { $ne: ['$$ROOT', null] } } };
const NOT_PRUNED_INSIDE: Stage = { $match: { $expr: { $not: [{ $in: ['$$ROOT', [null, { $literal: {} }]] }] } } };

/**
 * Puts right, in a pipeline for the engine, what the engine does otherwise than MongoDB. A pipeline without such stages is left
 * alone and not decoded.
 * @returns the command's body to send; null to send it as it is
 * @throws MongoError CommandNotSupported for what the engine would do wrong and that cannot be put right here, BadValue for what would
 *   end it
 */
export function mendedPipeline(command: Command): Buffer | null {
  const { body } = command;
  if (!MENDED.some((name) => body.includes(name))) return null;
  const decoded = decodeExact(body);
  if (!Array.isArray(decoded.pipeline)) return null;
  return Buffer.from(
    serialize({ ...decoded, pipeline: mendedStages(decoded.pipeline as Stage[]) }, { ignoreUndefined: false }),
  );
}

/**
 * The stages with what the engine needs between them, in the pipelines inside them as well.
 * @throws MongoError CommandNotSupported
 */
export function mendedStages(stages: unknown[], notPruned = NOT_PRUNED): unknown[] {
  refuseLostOutput(stages);
  return stages.flatMap((stage) => {
    if (!isFields(stage)) return [stage];
    requireBounds(stage.$densify);
    if ('$redact' in stage) return [stage, notPruned];
    // MongoDB gives no document at all for a count of nothing.
    if (typeof stage.$count === 'string') return [stage, { $match: { [stage.$count]: { $gt: 0 } } }];
    // The engine gives the buckets in no order.
    if ('$bucketAuto' in stage) return [stage, { $sort: { '_id.min': 1 } }];
    return [withMendedInner(stage)];
  });
}

function withMendedInner(stage: Stage): Stage {
  const { $facet: facet } = stage;
  if (isFields(facet)) {
    const branches = Object.entries(facet).map(([name, inner]) => [
      name,
      Array.isArray(inner) ? mendedStages(inner, NOT_PRUNED_INSIDE) : inner,
    ]);
    return { ...stage, $facet: Object.fromEntries(branches) as Fields };
  }
  for (const name of ['$lookup', '$unionWith']) {
    const inner = stage[name];
    if (isFields(inner) && Array.isArray(inner.pipeline)) {
      return { ...stage, [name]: { ...inner, pipeline: mendedStages(inner.pipeline, NOT_PRUNED_INSIDE) } };
    }
  }
  return stage;
}

/** Bounds of `$densify` that are neither numbers nor dates end the engine. @throws MongoError BadValue */
function requireBounds(densify: unknown): void {
  const range = isFields(densify) ? densify.range : undefined;
  if (!isFields(range)) return;
  const { bounds } = range;
  if (bounds === undefined || bounds === 'full' || bounds === 'partition') return;
  const isPair = Array.isArray(bounds) && bounds.length === 2;
  if (isPair && (bounds.every(isNumber) || bounds.every((bound) => bound instanceof Date))) return;
  throw MongoError.of('BadValue', "the bounds of $densify are 'full', 'partition', two numbers or two dates");
}

const NUMBERS = new Set<unknown>(['Int32', 'Double', 'Long', 'Decimal128']);
const isNumber = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && '_bsontype' in value && NUMBERS.has(value._bsontype);

/** @throws MongoError CommandNotSupported */
function refuseLostOutput(stages: unknown[]): void {
  const [first, last] = [stages[0], stages.at(-1)];
  const source = SOURCES.find((name) => isFields(first) && name in first);
  const target = ['$merge', '$out'].find((name) => isFields(last) && name in last);
  if (!source || !target) return;
  throw MongoError.of(
    'CommandNotSupported',
    `${target} is not supported behind ${source}: insert the documents instead`,
  );
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('_bsontype' in value);
