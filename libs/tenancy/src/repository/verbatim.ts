/**
 * Names of a document's fields by which mongoose takes the document for something else when it copies an update: it drops some,
 * and calls what it finds behind others. Tenants may name the fields of their metadata so.
 */
const TAKEN_FOR_MORE = new Set(['constructor', 'prototype', 'isMongooseBuffer']);

type Fields = Record<string, unknown>;

/** A value that mongoose leaves as it is: of no type that it knows, and for the driver what it stands for. */
class Verbatim {
  constructor(private readonly value: object) {}

  toBSON(): object {
    return this.value;
  }
}

/** An update, with the values that mongoose would not copy as they are kept from it. */
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
