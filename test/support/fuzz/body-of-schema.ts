export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  minimum?: number;
}

/** Names of fields and parameters, with what a sensible client would put there. */
export type Sensible = Readonly<Record<string, unknown>>;

/** A field of a body: its name, and its value as JSON text. */
export type Field = readonly [name: string, json: string];

/** A value that a sensible client could send for a schema; what a field's name says goes before its type. */
export function sensible(schema: Schema, name: string, values: Sensible, schemas: Record<string, Schema>): unknown {
  if (Object.hasOwn(values, name)) return values[name];
  if (schema.$ref) return sensible(schemas[schema.$ref.split('/').at(-1)!] ?? {}, name, values, schemas);
  if (schema.enum) return schema.enum[0];
  const [one] = schema.anyOf ?? schema.oneOf ?? [];
  if (one) return sensible(one, name, values, schemas);
  switch ([schema.type].flat()[0]) {
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    case 'array':
      return [sensible(schema.items ?? {}, '', values, schemas)];
    case 'string':
      return 'text';
    default:
      return fieldsOf(schema, values, schemas).reduce((all, [key, json]) => ({ ...all, [key]: JSON.parse(json) }), {});
  }
}

export function fieldsOf(schema: Schema, values: Sensible, schemas: Record<string, Schema>): Field[] {
  const target = schema.$ref ? (schemas[schema.$ref.split('/').at(-1)!] ?? {}) : schema;
  return Object.entries(target.properties ?? {}).flatMap(([name, property]) => {
    const value = sensible(property, name, values, schemas);
    return value === undefined ? [] : [[name, JSON.stringify(value)] as const];
  });
}
