import { hash } from 'node:crypto';

/** SHA-256 of a request's body, independent of the order of its fields. An equal hash means a repeated send. */
export function requestHash(body: object): string {
  return hash('sha256', canonical(body), 'base64');
}

/** JSON with the fields of every object in a fixed order. Undefined fields are left out, as on the wire. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`;
}
