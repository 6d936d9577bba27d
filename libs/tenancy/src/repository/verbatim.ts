/**
 * Field names by which mongoose mistakes a plain document for another type when it copies an update: it drops some of them, and
 * calls the values of others as functions. Tenants may use these names in their metadata.
 */
const TAKEN_FOR_MORE = new Set(['constructor', 'prototype', 'isMongooseBuffer']);

type Fields = Record<string, unknown>;

/** A value that mongoose does not change, because it does not know this type; the driver encodes the wrapped value. */
class Verbatim {
  constructor(private readonly value: object) {}

  toBSON(): object {
    return this.value;
  }
}

/** An update in which values that mongoose would not copy correctly are wrapped. */
export function keptVerbatim(update: Record<string, Fields | undefined>): Record<string, Fields | undefined> {
  return mapValues(update, (operands) => operands && mapValues(operands, kept));
}

const kept = (value: unknown): unknown => (mayBeMistaken(value) ? new Verbatim(value) : value);

const mapValues = <T, U>(fields: Record<string, T>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, map(value)]));

function mayBeMistaken(value: unknown): value is object {
  if (Array.isArray(value)) return value.some(mayBeMistaken);
  if (!isPlain(value)) return false;
  return Object.keys(value).some((name) => TAKEN_FOR_MORE.has(name) || mayBeMistaken(value[name]));
}

function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
