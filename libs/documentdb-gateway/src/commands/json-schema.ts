import { serialize } from 'bson';
import { decodeExact } from '../bson/decode';
import type { Command } from './command';

type Fields = Record<string, unknown>;

/** MongoDB's `number` stands for these; the engine does not know it as a `bsonType`. */
const NUMBERS = ['int', 'long', 'double', 'decimal'];
/** Keywords of a JSON Schema that hold values, not schemas. */
const VALUES = new Set(['enum', 'required', 'const']);

/** Commands that hold filters. In an insert, a `$jsonSchema` is a field like others. */
const FILTERING = new Set([
  'find',
  'count',
  'distinct',
  'aggregate',
  'findAndModify',
  'update',
  'delete',
  'create',
  'collMod',
]);

/** Puts the schemas in a command as the engine knows them. */
export function spellOutNumbers(command: Command): void {
  if (!FILTERING.has(command.name)) return;
  const { body } = command;
  if (!body.includes('$jsonSchema') || !body.includes('number')) return;
  command.replaceBody(Buffer.from(serialize(withNumberTypes(decodeExact(body)) as Fields, { ignoreUndefined: false })));
}

/** A filter, or what holds filters, with `bsonType: 'number'` of each `$jsonSchema` spelt out. */
function withNumberTypes(value: unknown): unknown {
  return mapped(value, (name, inner) => (name === '$jsonSchema' ? schemaOf(inner) : withNumberTypes(inner)));
}

function schemaOf(schema: unknown): unknown {
  return mapped(schema, (name, inner) => {
    if (name === 'bsonType' && isTypes(inner)) return typesOf(inner);
    return VALUES.has(name) && Array.isArray(inner) ? inner : schemaOf(inner);
  });
}

function mapped(value: unknown, map: (name: string, inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner, index) => map(String(index), inner));
  if (typeof value !== 'object' || value === null || '_bsontype' in value || ArrayBuffer.isView(value)) return value;
  if (value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, map(name, inner)]));
}

const isTypes = (value: unknown): value is string | string[] =>
  typeof value === 'string' || (Array.isArray(value) && value.every((each) => typeof each === 'string'));

function typesOf(types: string | string[]): string | string[] {
  const given = Array.isArray(types) ? types : [types];
  return given.includes('number') ? [...new Set([...given.filter((type) => type !== 'number'), ...NUMBERS])] : types;
}
