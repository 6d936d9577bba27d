import { sharedSystem, TIERS, waitFor, type Answer, type Caller, type TenantSession } from '#caas/testing';

/*
 * Conditional requests (RFC 9110, 13) on every resource that answers an ETag. Which those are, and which routes change them, is
 * read from the reference that the running api serves: a new one without a case here fails.
 */

const system = sharedSystem();

const ETAG = /^"\d+-[\w-]{16}"$/;
const STALE = '"999999-AAAAAAAAAAAAAAAA"';
const WRITES = ['put', 'patch', 'delete'] as const;
type Write = (typeof WRITES)[number];

interface Operation {
  parameters?: { name: string; in: string }[];
}
type Paths = Record<string, Partial<Record<'get' | Write, Operation>>>;

const takes = (operation: Operation | undefined, header: string) =>
  operation?.parameters?.some((parameter) => parameter.in === 'header' && parameter.name === header) ?? false;

/** A resource of a tenant, as a caller who may change it has it. */
interface Subject {
  path: string;
  caller: (api?: number) => Caller;
}

interface Case {
  make(tenant: TenantSession, name: string): Promise<Subject>;
  /** The body of the n-th change, by each method that has one. */
  bodies?: Partial<Record<'put' | 'patch', (n: number) => object>>;
  /** Changes the answer, and nothing that a client could overwrite. */
  disturb?(tenant: TenantSession, subject: Subject): Promise<Answer>;
  /** It is there as long as its tenant is. */
  cannotBeDeleted?: boolean;
  /** Its `PUT` makes one at a path of its own. */
  absent?(tenant: TenantSession): Subject;
}

const as =
  (tenant: TenantSession, user: string): Subject['caller'] =>
  (api) =>
    tenant.as(user, api);
const byServer =
  (tenant: TenantSession): Subject['caller'] =>
  (api) =>
    tenant.server(api);
const operator = () => () => system.platform;
const idOf = ({ status, body }: Answer): string => {
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return (body as { id: string }).id;
};
const renamed = (n: number) => ({ name: `Name ${n}` });
const inAnHour = () => new Date(Date.now() + 60 * 60_000).toISOString();

const CASES: Record<string, Case> = {
  '/v1/users/{external_id}': {
    make: async (tenant, name) => {
      await tenant.users(name);
      return { path: `/v1/users/${name}`, caller: byServer(tenant) };
    },
    bodies: { put: (n) => ({ display_name: `Name ${n}` }), patch: (n) => ({ display_name: `Name ${n}` }) },
    // `last_seen_at`.
    disturb: async (tenant, { path }) => {
      const answer = await tenant.as(path.split('/').at(-1)!).get('/v1/conversations');
      await waitFor('they were seen', 5_000, async () => (await tenant.server().get(path)).body.last_seen_at !== null);
      return answer;
    },
    absent: (tenant) => ({ path: '/v1/users/absent', caller: byServer(tenant) }),
  },
  '/v1/users/me/devices/{device_id}': {
    make: async (tenant, name) => {
      idOf(await tenant.as('anna').put(`/v1/users/me/devices/${name}`, { platform: 'ios' }));
      return { path: `/v1/users/me/devices/${name}`, caller: as(tenant, 'anna') };
    },
    bodies: { put: (n) => ({ platform: 'ios', name: `Phone ${n}` }) },
    absent: (tenant) => ({ path: '/v1/users/me/devices/absent', caller: as(tenant, 'anna') }),
  },
  '/v1/files/{id}': {
    make: async (tenant, name) => {
      const form = new FormData();
      form.set('file', new Blob([name]), `${name}.txt`);
      const made = (await (await tenant.as('anna').raw('POST', '/v1/files', {}, form)).json()) as { id: string };
      const path = `/v1/files/${made.id}`;
      await waitFor('it is processed', 15_000, async () => (await tenant.as('anna').get(path)).body.status === 'ready');
      return { path, caller: as(tenant, 'anna') };
    },
  },
  '/v1/posts/{id}': {
    make: async (tenant, name) => {
      const id = idOf(await tenant.as('anna').post('/v1/posts', { kind: 'post', visibility: 'public', text: name }));
      return { path: `/v1/posts/${id}`, caller: as(tenant, 'anna') };
    },
    bodies: { patch: (n) => ({ text: `text ${n}` }) },
    disturb: (tenant, { path }) => tenant.as('ben').put(`${path}/reactions/${encodeURIComponent('👍')}`),
  },
  '/v1/settings': {
    make: (tenant) => Promise.resolve({ path: '/v1/settings', caller: byServer(tenant) }),
    bodies: { patch: (n) => ({ messages: { max_text_length: 100 + n } }) },
    cannotBeDeleted: true,
  },
  '/v1/conversations/{id}': {
    make: async (tenant, name) => {
      const { path } = await tenant.room('anna', ['ben'], { name });
      return { path, caller: as(tenant, 'anna') };
    },
    bodies: { patch: renamed },
    disturb: (tenant, { path }) =>
      tenant.as('ben').post(`${path}/messages`, { client_message_id: 'disturbing', text: 'psst' }),
  },
  '/v1/messages/{id}': {
    make: async (tenant, name) => {
      const room = await tenant.room('anna', ['ben'], { name });
      return { path: `/v1/messages/${idOf(await tenant.send('anna', room))}`, caller: as(tenant, 'anna') };
    },
    bodies: { patch: (n) => ({ text: `text ${n}` }) },
    disturb: (tenant, { path }) => tenant.as('ben').put(`${path}/reactions/${encodeURIComponent('👍')}`),
  },
  '/v1/scheduled-messages/{id}': {
    make: async (tenant, name) => {
      const { path } = await tenant.room('anna', ['ben'], { name });
      const wanted = { text: 'later', send_at: inAnHour() };
      const id = idOf(await tenant.as('anna').post(`${path}/scheduled-messages`, wanted));
      return { path: `/v1/scheduled-messages/${id}`, caller: as(tenant, 'anna') };
    },
    bodies: { patch: (n) => ({ text: `text ${n}` }) },
  },
  '/v1/groups/{id}': {
    make: async (tenant, name) => {
      const path = `/v1/groups/${idOf(await tenant.as('anna').post('/v1/groups', { name }))}`;
      return { path, caller: as(tenant, 'anna') };
    },
    bodies: { patch: renamed },
    disturb: (tenant, { path }) => tenant.as('anna').put(`${path}/members/ben`, { role: 'member' }),
  },
  '/v1/moderation/cases/{id}': {
    make: async (tenant, name) => {
      await tenant.users(name);
      await tenant.as('anna').post(`/v1/users/${name}/reports`, { reason: 'spam' });
      const { body } = await tenant.server().get('/v1/moderation/cases?limit=1');
      return {
        path: `/v1/moderation/cases/${(body as { data: { id: string }[] }).data[0]!.id}`,
        caller: byServer(tenant),
      };
    },
    cannotBeDeleted: true,
  },
  '/platform/v1/tenants/{id}': {
    make: async (tenant, name) => {
      const { id } = await system.tenant(tenant.tier);
      await system.platform.patch(`/platform/v1/tenants/${id}`, { name });
      return { path: `/platform/v1/tenants/${id}`, caller: operator() };
    },
    bodies: { patch: renamed },
  },
  '/platform/v1/tenants/{id}/settings': {
    make: async ({ id }) => Promise.resolve({ path: `/platform/v1/tenants/${id}/settings`, caller: operator() }),
    bodies: { patch: (n) => ({ limits: { searches_per_minute: 5_000 + n } }) },
    disturb: (tenant) => tenant.server().patch('/v1/settings', { messages: { max_text_length: 77 } }),
    cannotBeDeleted: true,
  },
};

let paths: Paths = {};
beforeAll(async () => {
  paths = ((await system.caller(null).get('/docs/openapi.json')).body as { paths: Paths }).paths;
});

describe('The routes', () => {
  it('that answer an ETag are those that have a case here', () => {
    const tagged = Object.keys(paths).filter((path) => takes(paths[path]!.get, 'If-None-Match'));
    expect(tagged.sort()).toEqual(Object.keys(CASES).sort());
  });

  it('that change such a resource take conditions', () => {
    for (const path of Object.keys(CASES)) {
      for (const method of WRITES) {
        const operation = paths[path]![method];
        if (operation) expect([path, method, takes(operation, 'If-Match')]).toEqual([path, method, true]);
      }
      const { bodies, cannotBeDeleted } = CASES[path]!;
      const tried = [...Object.keys(bodies ?? {}), ...(cannotBeDeleted ? [] : ['delete'])];
      expect([path, ...tried.sort()]).toEqual([path, ...WRITES.filter((method) => paths[path]![method]).sort()]);
    }
  });
});

describe.each(TIERS)('Conditions on the tier %s', (tier) => {
  // How a header is spelled is none of a placement's affair.
  const spellings = tier === 'free' ? [(tag: string) => tag, (tag: string) => `W/${tag}`] : [];
  const tenant = system.session(tier, 'anna', 'ben');

  describe.each(Object.entries(CASES))('on %s', (_path, { make, bodies = {}, disturb, cannotBeDeleted, absent }) => {
    const changes = Object.entries(bodies) as ['put' | 'patch', (n: number) => object][];
    const writes = [...changes.map(([method]) => method), ...(cannotBeDeleted ? [] : (['delete'] as const))];
    let subject: Subject;
    let count = 0;
    beforeAll(async () => {
      subject = await make(tenant, 'first');
    });

    const get = (headers?: Record<string, string>, { caller, path }: Subject = subject) => caller().get(path, headers);
    const write = (method: Write, headers: Record<string, string>, { caller, path }: Subject = subject, api = 0) => {
      const body = method === 'delete' ? undefined : bodies[method]!((count += 1));
      return caller(api).call(method.toUpperCase(), path, body, headers);
    };
    const versionOf = ({ etag }: Answer) => Number(/^"(\d+)-/.exec(etag!)![1]);

    it('GET and HEAD answer an ETag, and 304 without a body to who has that answer', async () => {
      const { etag, body } = await get();
      expect(etag).toMatch(ETAG);
      expect(body).not.toBeNull();
      const head = await subject.caller().raw('HEAD', subject.path);
      expect([head.status, head.headers.get('etag')]).toEqual([200, etag]);
      for (const tags of [etag!, `W/${etag}`, `${STALE}, ${etag}`, '*']) {
        expect(await get({ 'if-none-match': tags })).toMatchObject({ status: 304, etag, body: null });
        expect((await subject.caller().raw('HEAD', subject.path, { 'if-none-match': tags })).status).toBe(304);
      }
      const version = /^"\d+/.exec(etag!)![0];
      for (const tags of [STALE, `${version}"`, `${version}-AAAAAAAAAAAAAAAA"`]) {
        expect(await get({ 'if-none-match': tags })).toMatchObject({ status: 200, etag });
      }
      expect(await get({ 'if-match': STALE })).toMatchObject({ status: 412 });
    });

    if (tier === 'free')
      it('refuses malformed headers', async () => {
        for (const tags of ['3', '"3', `"3" "4"`]) {
          expect(await get({ 'if-none-match': tags })).toMatchObject({
            status: 400,
            body: { code: 'invalid_if_none_match' },
          });
          for (const method of writes) {
            const answer = await write(method, { 'if-match': tags });
            expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_if_match' } });
          }
        }
      });

    it('changes nothing for a stale tag, or for who wants to create', async () => {
      const before = await get();
      for (const method of writes) {
        for (const tags of [STALE, `W/${STALE}`, `"x", ${STALE}`]) {
          expect(await write(method, { 'if-match': tags })).toMatchObject({
            status: 412,
            body: { code: 'stale_version' },
          });
        }
        for (const tags of ['*', before.etag!]) {
          const answer = await write(method, { 'if-none-match': tags });
          expect(answer).toMatchObject({ status: 412, body: { code: 'already_exists' } });
        }
      }
      expect(await get()).toMatchObject({ status: 200, etag: before.etag, body: before.body });
    });

    for (const [method] of changes) {
      it(`${method} takes the tag last seen, weak and in a list, once; and *`, async () => {
        for (const spelled of [...spellings, (tag: string) => `${STALE}, ${tag}`]) {
          const before = await get();
          const changed = await write(method, { 'if-match': spelled(before.etag!) });
          expect(changed).toMatchObject({ status: 200, etag: expect.stringMatching(ETAG) });
          expect(versionOf(changed)).toBeGreaterThan(versionOf(before));
          // The very answer of a read.
          expect(await get({ 'if-none-match': changed.etag! })).toMatchObject({ status: 304 });
          expect(await write(method, { 'if-match': before.etag! })).toMatchObject({ status: 412 });
          expect(await get()).toMatchObject({ etag: changed.etag });
        }
        expect((await write(method, { 'if-match': '*' })).status).toBe(200);
      });

      it(`${method} of many at once with one tag is made once`, async () => {
        const { etag } = await get();
        const answers = await Promise.all(
          [0, 1, 0, 1].map((api) => write(method, { 'if-match': etag! }, subject, api)),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
        expect(versionOf(await get())).toBe(versionOf({ etag } as Answer) + 1);
      });
    }

    if (disturb) {
      it('is read again, and may still be changed, when it only looks otherwise', async () => {
        const before = await get();
        expect((await disturb(tenant, subject)).status).toBeLessThan(300);
        const after = await get({ 'if-none-match': before.etag! });
        expect(after.status).toBe(200);
        expect(after.etag).not.toBe(before.etag);
        expect(versionOf(after)).toBe(versionOf(before));
        for (const [method] of changes) {
          const { etag } = await get();
          expect((await write(method, { 'if-match': etag! })).status).toBe(200);
        }
      });
    }

    if (absent) {
      it('is created with If-None-Match: * by one of many, and by nobody with If-Match', async () => {
        const missing = absent(tenant);
        for (const tags of ['*', STALE, '"0-x"']) {
          expect(await write('put', { 'if-match': tags }, missing)).toMatchObject({ status: 412 });
        }
        expect((await get({}, missing)).status).toBe(404);
        const made = await Promise.all([0, 1, 0, 1].map((api) => write('put', { 'if-none-match': '*' }, missing, api)));
        expect(made.map(({ status }) => status).sort()).toEqual([201, 412, 412, 412]);
      });
    }

    if (!cannotBeDeleted) {
      it('is deleted with the tag last seen, by one of a change and a deletion at once', async () => {
        const second = await make(tenant, 'second');
        const { etag } = await get({}, second);
        const rivals = changes.map(([method]) => write(method, { 'if-match': etag! }, second, 1));
        const [deleted, ...changed] = await Promise.all([
          write('delete', { 'if-match': `"x", ${etag}` }, second),
          ...rivals,
        ]);
        const made = [deleted, ...changed].filter(({ status }) => status < 300);
        expect(made).toHaveLength(1);
        for (const { status } of [deleted, ...changed]) expect([200, 204, 404, 409, 412]).toContain(status);
        if (deleted.status === 412) {
          const now = await get({}, second);
          expect((await write('delete', { 'if-match': now.etag! }, second)).status).toBeLessThan(300);
        }
      });
    }
  });

  it('of a write without versions are refused when they could fail', async () => {
    const anna = tenant.as('anna');
    const { path } = await tenant.room('anna', ['ben'], { name: 'unversioned' });
    const group = `/v1/groups/${idOf(await anna.post('/v1/groups', { name: 'unversioned' }))}`;
    const creating: [path: string, body?: object][] = [
      ['/v1/users/me/relationships/ben', { type: 'friend' }],
      [`${group}/members/ben`, { role: 'member' }],
      [`${group}/bans/ben`, { reason: 'spam' }],
      [`/v1/messages/${idOf(await tenant.send('anna', { id: '', path }))}/reactions/%F0%9F%91%8D`],
    ];
    for (const [target, body] of creating) {
      const put = async (headers: Record<string, string>) => (await anna.put(target, body, headers)).status;
      expect([target, await put({ 'if-match': '*' }), await put({ 'if-match': '"0"' })]).toEqual([target, 412, 412]);
      expect([target, await put({ 'if-none-match': '*' })]).toEqual([target, 201]);
      expect([target, await put({ 'if-none-match': '*' }), await put({ 'if-match': '*' })]).toEqual([target, 412, 200]);
      expect([target, (await anna.delete(target, { 'if-match': '"0"' })).status]).toEqual([target, 412]);
      expect([target, (await anna.delete(target, { 'if-match': '*' })).status]).toEqual([target, 204]);
    }
  });

  it('of a pin and of preferences are of their message and conversation', async () => {
    const anna = tenant.as('anna');
    const room = await tenant.room('anna', ['ben'], { name: 'pins' });
    const message = `/v1/messages/${idOf(await tenant.send('anna', room))}`;
    const { etag } = await anna.get(message);
    expect((await anna.put(`${message}/pin`, undefined, { 'if-match': STALE })).status).toBe(412);
    expect((await anna.put(`${message}/pin`, undefined, { 'if-match': etag! })).status).toBe(200);
    expect((await anna.delete(`${message}/pin`, { 'if-match': STALE })).status).toBe(412);
    expect((await anna.get(message)).body.pinned_at).not.toBeNull();
    expect((await anna.delete(`${message}/pin`, { 'if-match': etag! })).status).toBe(204);
    const seen = await anna.get(room.path);
    const prefer = (tags: string) => anna.patch(`${room.path}/preferences`, { pinned: true }, { 'if-match': tags });
    expect((await prefer(STALE)).status).toBe(412);
    expect((await anna.get(room.path)).body.preferences.pinned).toBe(false);
    expect((await prefer(seen.etag!)).status).toBe(200);
  });
});

describe('A tenant’s tier and quotas', () => {
  it('are changed with the tag of the tenant', async () => {
    const { id } = await system.tenant('free');
    const path = `/platform/v1/tenants/${id}`;
    const { etag } = await system.platform.get(path);
    for (const [part, body] of [
      ['tier', { tier: 'starter' }],
      ['quotas', { users: 3 }],
    ] as const) {
      expect((await system.platform.put(`${path}/${part}`, body, { 'if-match': STALE })).status).toBe(412);
    }
    expect(await system.platform.get(path)).toMatchObject({ etag, body: { tier: 'free', quotas: {} } });
    const changed = await system.platform.put(`${path}/quotas`, { users: 3 }, { 'if-match': etag! });
    expect(changed).toMatchObject({ status: 200, body: { quotas: { users: 3 } } });
    expect((await system.platform.put(`${path}/tier`, { tier: 'starter' }, { 'if-match': etag! })).status).toBe(412);
  });
});

describe('Every other write', () => {
  const ID = '0123456789abcdef01234567';

  it('with a condition that could fail changes nothing', async () => {
    const tenant = await system.tenant('free');
    await tenant.users('anna');
    const others = Object.entries(paths).flatMap(([path, operations]) =>
      WRITES.filter((method) => operations[method] && !takes(operations[method], 'If-Match')).map((method) => ({
        method: method.toUpperCase(),
        // Refused before anybody looks whether there is one.
        path: path.replace(/\{[^}]+\}/g, path.startsWith('/platform') ? 'clnt_abcdef' : ID),
      })),
    );
    expect(others.length).toBeGreaterThan(10);
    for (const { method, path } of others) {
      const caller = path.startsWith('/platform') ? system.platform : tenant.as('anna');
      const answer = await caller.call(method, path, undefined, { 'if-match': STALE });
      expect([method, path, answer.status]).toEqual([method, path, 412]);
    }
  });
});
