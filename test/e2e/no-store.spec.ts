import { isSecretField, sharedSystem } from '#caas/testing';

/*
 * Answers that carry a secret, a token or a key are kept by no cache. Which routes those are is read from the reference that the
 * running api serves; that answers which it does not describe have none is checked of every answer that a test gets (`Caller`).
 */

const system = sharedSystem();

type Schema = { $ref?: string; properties?: Record<string, Schema> } & Record<string, unknown>;
interface Operation {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
  'x-no-store'?: boolean;
}
interface Reference {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const SECRET_ROUTES = [
  'post /platform/v1/tenants',
  'post /platform/v1/tenants/{id}/server-keys',
  'post /platform/v1/tenants/{id}/signing-keys',
  'post /v1/users/{external_id}/tokens',
  'get /v1/users/me/devices',
  'get /v1/users/me/devices/{device_id}',
  'put /v1/users/me/devices/{device_id}',
  'put /v1/users/me/devices/{device_id}/keys',
  'get /v1/users/me/devices/{device_id}/keys/status',
  'get /v1/users/{external_id}/key-bundles',
  'post /v1/users/{external_id}/key-bundles',
  'post /v1/files/{id}/links',
  'post /v1/groups/{id}/invites',
];

let reference: Reference;
beforeAll(async () => {
  reference = (await system.caller(null).get('/docs/openapi.json')).body as Reference;
});

/** Names of all fields in a schema, through its references. */
function fieldsOf(schema: unknown, seen: ReadonlySet<string> = new Set()): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((each) => fieldsOf(each, seen));
  const { $ref, properties = {}, ...rest } = schema as Schema;
  const name = $ref?.split('/').at(-1);
  const referred =
    name === undefined || seen.has(name) ? [] : fieldsOf(reference.components.schemas[name], new Set([...seen, name]));
  const inner = [...Object.values(properties), ...Object.values(rest)].flatMap((each) => fieldsOf(each, seen));
  return [...Object.keys(properties), ...referred, ...inner];
}

const secretsOf = ({ responses }: Operation): string[] =>
  Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .flatMap(([, { content = {} }]) => Object.values(content).flatMap(({ schema }) => fieldsOf(schema)))
    .filter(isSecretField);

const operations = () =>
  Object.entries(reference.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ route: `${method} ${path}`, method, path, operation })),
  );

it('Routes whose answers are described with a secret say no-store', () => {
  const secret = operations().filter(({ operation }) => secretsOf(operation).length > 0);
  expect(secret.map(({ route }) => route)).toEqual(expect.arrayContaining(SECRET_ROUTES));
  expect(secret.filter(({ operation }) => !operation['x-no-store']).map(({ route }) => route)).toEqual([]);
});

it('Routes that say no-store answer it, when they fail too', async () => {
  const secret = operations().filter(({ operation }) => operation['x-no-store']);
  const paths = secret.map(({ path }) => path.replace(/\{[^}]+\}/g, '0123456789abcdef01234567'));
  const answers = await Promise.all(
    secret.flatMap(({ method }, at) =>
      [system.caller(null), system.platform].map((caller) => caller.call(method.toUpperCase(), paths[at]!)),
    ),
  );
  for (const [at, { status, headers }] of answers.entries()) {
    expect([secret[at >> 1]!.route, status >= 200, headers.get('cache-control')]).toEqual([
      secret[at >> 1]!.route,
      true,
      'no-store',
    ]);
  }
  // What is no secret may be kept.
  expect((await system.platform.get('/platform/v1/tenants?limit=1')).headers.get('cache-control')).toBeNull();
});

it('Answers of tokens, keys, links and invites say it', async () => {
  const tenant = await system.tenant('free');
  await tenant.users('anna');
  const anna = tenant.as('anna');
  const group = (await anna.post('/v1/groups', { name: 'Crew' })).body as { id: string };
  const answers = [
    await tenant.server().post('/v1/users/anna/tokens', {}),
    await system.platform.post(`/platform/v1/tenants/${tenant.id}/server-keys`),
    await system.platform.post(`/platform/v1/tenants/${tenant.id}/signing-keys`, {}),
    await anna.put('/v1/users/me/devices/1', { platform: 'ios', push_token: 'secret' }),
    await anna.get('/v1/users/me/devices'),
    await anna.get('/v1/users/anna/key-bundles'),
    await anna.post(`/v1/groups/${group.id}/invites`, {}),
  ];
  for (const { status, headers } of answers)
    expect([status < 300, headers.get('cache-control')]).toEqual([true, 'no-store']);
});
