import fc, { type Arbitrary } from 'fast-check';
import { fieldsOf, type Schema, type Sensible } from './body-of-schema';
import { bodyOf, bodyPlan, type BodyPlan } from './mutations';
import { oddText, rarely } from './odd-values';

interface Operation {
  method: string;
  path: string;
  query: string[];
  body: Schema | null;
}

interface OpenApi {
  paths: Record<string, Record<string, { parameters?: { name: string; in: string }[]; requestBody?: RequestBody }>>;
  components: { schemas: Record<string, Schema> };
}
interface RequestBody {
  content: Record<string, { schema?: Schema }>;
}

export interface RestCall {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | null;
  /** Of the path as the reference has it. */
  operation: string;
}

/** By whose credential a call is made. */
export type Actor = 'user' | 'acting' | 'server' | 'operator' | 'nobody' | 'stranger';

/** What generated calls are made for. */
export interface RestWorld {
  sensible: Sensible;
  headersOf(actor: Actor): Record<string, string>;
}

interface Plan {
  operation: number;
  actor: Actor;
  odd: { [part: number]: string };
  query: { name: string | null; value: string | null }[];
  rawQuery: string | null;
  headers: [string, string][];
  body: BodyPlan;
}

/** Routes that the reference does not have, and paths that are none. */
const UNLISTED = [
  '/health/live',
  '/health/ready',
  '/docs',
  '/docs/openapi.json',
  '/docs/asyncapi.json',
  '/nothing',
  '//',
  '/v1',
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'QUERY', 'PROPFIND'];

const HEADER_NAMES = [
  ...['if-match', 'if-none-match', 'if-range', 'range', 'if-modified-since', 'idempotency-key', 'x-acting-user'],
  ...['x-request-id', 'content-type', 'content-encoding', 'accept', 'accept-encoding', 'accept-language', 'origin'],
  ...['x-forwarded-for', 'forwarded', 'tus-resumable', 'upload-length', 'upload-offset', 'upload-metadata'],
  ...[
    'upload-concat',
    'upload-checksum',
    'upload-defer-length',
    'x-http-method-override',
    'access-control-request-method',
  ],
];
const HEADER_VALUES = [
  ...[
    '*',
    '"1"',
    'W/"3-x"',
    '"a","b"',
    '"',
    'bytes=0-0',
    'bytes=-1',
    'bytes=5-1',
    'bytes=0-1,3-',
    'bytes=99999999999-',
  ],
  ...[
    'application/json',
    'application/json; charset=latin1',
    'multipart/form-data; boundary=x',
    'text/plain',
    ';',
    'x/',
  ],
  ...[
    'application/offset+octet-stream',
    'gzip',
    'identity',
    'br, gzip',
    'https://evil.example',
    'null',
    '1.0.0',
    '0',
    '10',
  ],
  ...[
    '-1',
    '1e9',
    'NaN',
    'filename dGVzdA==',
    'filename %%%',
    'partial',
    'final;/a',
    'sha1 x',
    'md5 1B2M2Y8AsgTpgAmY7PhCfg==',
  ],
  ...[
    'PATCH',
    'DELETE',
    'TRACE',
    '127.0.0.1:80',
    '[::1]:5',
    'anna',
    'ben',
    'nobody',
    'x'.repeat(300),
    'x'.repeat(6_000),
  ],
];
/** What a client of these routes sends beside. */
const CHUNK = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
const FILE_HEADERS: Record<string, Record<string, string>> = {
  '/v1/files': { 'content-type': 'multipart/form-data; boundary=x' },
  '/v1/files/uploads': { ...CHUNK, 'upload-length': '10' },
  '/v1/files/uploads/{id}': { ...CHUNK, 'x-http-method-override': 'PATCH' },
};
const ODD_QUERIES = [
  '%',
  'a[b]=c',
  'limit=1&limit=2',
  '&&=&',
  'q=%ED%A0%80',
  '__proto__=1',
  '$where=1',
  'é=1',
  `x=${'y'.repeat(9_000)}`,
];
const headerText = (text: string) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, 'é');

const oddHeader = fc.tuple(
  fc.constantFrom(...HEADER_NAMES),
  fc.oneof(fc.constantFrom(...HEADER_VALUES), oddText.map(headerText)),
);
const parameter = fc.record({ name: rarely(8, null, oddText), value: rarely(2, null, oddText) });

const plan = (operations: number): Arbitrary<Plan> =>
  fc.record({
    operation: fc.nat(operations - 1),
    actor: rarely(12, null, fc.constantFrom<Actor>('operator', 'nobody', 'stranger')).chain((odd) =>
      odd === null ? fc.constantFrom<Actor>('user', 'acting', 'server') : fc.constant(odd),
    ),
    odd: rarely(8, {}, fc.dictionary(fc.constantFrom('0', '1', '2'), oddText, { maxKeys: 1 })),
    query: rarely(3, [], fc.array(parameter, { maxLength: 3 })),
    rawQuery: rarely(30, null, fc.constantFrom(...ODD_QUERIES)),
    headers: rarely(4, [], fc.array(oddHeader, { maxLength: 2 })),
    body: bodyPlan,
  }) as Arbitrary<Plan>;

/** Calls to every route of a reference, made up by a seed. */
export class RestCalls {
  private readonly operations: Operation[];
  private readonly schemas: Record<string, Schema>;
  readonly plans: Arbitrary<Plan>;

  constructor({ paths, components }: OpenApi) {
    this.schemas = components.schemas;
    const listed = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
        body: requestBody?.content['application/json']?.schema ?? null,
      })),
    );
    const unlisted = UNLISTED.flatMap((path) => METHODS.map((method) => ({ method, path, query: [], body: null })));
    // Each listed route several times as often as each path that is none.
    this.operations = [...Array(6).fill(listed).flat(), ...unlisted] as Operation[];
    this.plans = plan(this.operations.length);
  }

  /** Of the routes that the reference has. */
  get names(): string[] {
    return this.operations
      .filter(({ path }) => !UNLISTED.includes(path))
      .map(({ method, path }) => `${method} ${path}`);
  }

  call({ operation: index, actor, odd, query, rawQuery, headers, body }: Plan, world: RestWorld): RestCall {
    const operation = this.operations[index]!;
    const { method } = operation;
    const asked = [
      ...query.map((one, at) => this.parameter(one, at, operation, world)),
      ...(rawQuery ? [rawQuery] : []),
    ];
    const search = asked.length > 0 ? `?${asked.join('&')}` : '';
    const mayHaveBody = !['GET', 'HEAD'].includes(method);
    const bytes = mayHaveBody
      ? bodyOf(body, operation.body ? fieldsOf(operation.body, world.sensible, this.schemas) : [])
      : null;
    const isOperators = operation.path.startsWith('/platform') && !['nobody', 'stranger'].includes(actor);
    return {
      method,
      path: `${pathOf(operation.path, odd, world.sensible)}${search}`,
      headers: {
        ...(bytes ? { 'content-type': 'application/json' } : {}),
        ...(operation.path.startsWith('/v1/files') ? FILE_HEADERS[operation.path] : {}),
        ...world.headersOf(isOperators ? 'operator' : actor),
        ...Object.fromEntries(headers),
      },
      body: bytes,
      operation: `${method} ${operation.path}`,
    };
  }

  private parameter(
    { name, value }: Plan['query'][number],
    at: number,
    { query }: Operation,
    { sensible }: RestWorld,
  ): string {
    const known = name ?? query[at % Math.max(1, query.length)] ?? 'limit';
    return `${encoded(known)}=${encoded(value ?? String(sensible[known] ?? '1'))}`;
  }
}

function pathOf(template: string, odd: Plan['odd'], values: Sensible): string {
  let part = 0;
  const operators = template.startsWith('/platform');
  return template.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const sensible = operators && name === 'id' ? values.victim : (values[partName(template, name)] ?? values[name]);
    return encoded(odd[part++] ?? String(sensible ?? 'x'));
  });
}

/** `id` means another thing in each collection. */
const partName = (template: string, name: string) =>
  name === 'id' ? `id of ${template.includes('/uploads/') ? 'uploads' : template.split('/')[2]}` : name;

/** Percent-encoded, where it can be: half a surrogate pair is not text. */
const encoded = (text: string) => encodeURIComponent(text.toWellFormed());
