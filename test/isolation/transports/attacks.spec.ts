import { createHmac } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { sharedSystem, TIERS, waitFor, type LiveClient } from '#caas/testing';
import { Inside } from '../../support/inside';
import { attackFilesOfB } from './file-attacks';
import { ROUTES, SOCKET_MESSAGES } from './routes';
import { CANARY, comparable, RANDOM_IDS, World } from './world';

/*
 * The forty ways to reach another tenant, by number. 17 to 24 are in ../tenancy, below every transport, and 20 to 24 there only.
 * Of 5, what a token without a tenant asks of the database is in test/configured/commands-counted. 37, media URLs, are in
 * test/e2e/media-serving; 39, quotas, in test/configured/tenants-apart-in-limits; 40, archive keys, in archive.spec. Not yet there to
 * be attacked: moves between tiers (25) with migration; restored backups (40) with them.
 */
const system = sharedSystem();
let inside: Inside;
beforeAll(async () => void (inside = await Inside.open()));
afterAll(() => inside?.close());

/** Attacks after which B is looked at: all that can be read of it costs more than an attack. */
const LOOK_AFTER = 10;

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

function sign(claims: object, header: object, secret: string): string {
  const signed = `${b64(header)}.${b64(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

describe.each(TIERS)('tenant A against tenant B, both %s', (tier) => {
  let world: World;
  let before: string;
  let seenWhileBWasEmpty: Record<string, string>;

  const callerOf = async (as: 'user' | 'server') =>
    as === 'server' ? world.a.server() : world.a.withToken(await world.a.token('anna', { session: false }));
  const lists = async () => {
    const seen: Record<string, string> = {};
    for (const [route, attack] of Object.entries(ROUTES)) {
      if (!attack.differential) continue;
      seen[route] = comparable(await attack.try(await callerOf(attack.as), RANDOM_IDS), RANDOM_IDS).replaceAll(
        /"last_seen_at":[^,}]*/g,
        '',
      );
    }
    return seen;
  };

  beforeAll(async () => {
    world = await World.create(system, tier);
    await lists();
    seenWhileBWasEmpty = await lists();
    await world.fillB();
    before = await world.portraitOfB();
    expect(before).toContain(CANARY);
  });
  const sinceLast: string[] = [];
  const expectBAsBefore = async () => {
    const suspects = sinceLast.splice(0).join('; ');
    if ((await world.portraitOfB()) !== before)
      throw new Error(`B is not as it was. One of these changed it: ${suspects}`);
  };
  afterEach(async () => {
    sinceLast.push(expect.getState().currentTestName!);
    if (sinceLast.length === LOOK_AFTER) await expectBAsBefore();
  });
  afterAll(expectBAsBefore);

  describe('over HTTP', () => {
    it('covers every route that the api has', async () => {
      const { body } = await system.caller(null).get('/docs/openapi.json');
      const routes = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      );
      expect(routes.filter((route) => route.includes(' /v1/')).sort()).toEqual(Object.keys(ROUTES).sort());
    });

    it.each(Object.entries(ROUTES).filter(([, { differential }]) => !differential))(
      '1, 2, 10, 12: %s with ids of B answers as with ids of nothing',
      async (_route, attack) => {
        const caller = await callerOf(attack.as);
        const ids = attack.ownName ? { ...world.idsOfB, device: 'a-phone' } : world.idsOfB;
        const named = attack.ownName ? { ...RANDOM_IDS, device: 'a-phone' } : RANDOM_IDS;
        const answerToB = await attack.try(caller, ids);
        const answerToNothing = await attack.try(caller, named);
        expect(JSON.stringify(answerToB.body)).not.toContain(CANARY);
        if (attack.ownName) return;
        expect(comparable(answerToB, ids)).toBe(comparable(answerToNothing, named));
      },
    );

    it('14: every list is the same whether B is empty or full', async () => {
      expect(await lists()).toEqual(seenWhileBWasEmpty);
    });

    it('3: tenant_id in a body is unknown, and stops the request', async () => {
      const anna = await callerOf('user');
      const forged = { tenant_id: world.b.id };
      const attempts = [
        world.a.server().put('/v1/users/mallory', { ...forged, display_name: 'm' }),
        anna.post('/v1/conversations', { ...forged, type: 'direct', member_ids: ['ben'] }),
        anna.post(`/v1/conversations/${world.idsOfA.conversation}/messages`, {
          ...forged,
          client_message_id: 'f',
          text: 'f',
        }),
        anna.post('/v1/sync', { ...forged, conversations: {} }),
        anna.put('/v1/users/me/devices/x', { ...forged, platform: 'web' }),
      ];
      for (const answer of await Promise.all(attempts)) {
        expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'tenant_id' }] } });
      }
    });

    it('4: headers and hosts that name B change nothing', async () => {
      const token = await world.a.token('anna', { session: false });
      const honest = await system.caller(token).get('/v1/conversations?limit=100');
      for (const headers of [
        { 'x-tenant': world.b.id },
        { 'x-tenant-id': world.b.id },
        { 'x-forwarded-host': `${world.b.id}.example.com` },
        { 'x-acting-tenant': world.b.id },
      ]) {
        expect((await system.caller(token, headers as never).get('/v1/conversations?limit=100')).body).toEqual(
          honest.body,
        );
      }
    });

    it.each([
      [
        'alg none',
        (w: World) =>
          `${b64({ alg: 'none', kid: w.a.signingKey.kid })}.${b64({ tid: w.a.id, sub: 'anna', exp: inAnHour() })}.`,
      ],
      [
        'the tenant of B under a key of A',
        (w: World) =>
          sign(
            { tid: w.b.id, sub: 'anna', exp: inAnHour() },
            { alg: 'HS256', kid: w.a.signingKey.kid },
            w.a.signingKey.secret,
          ),
      ],
      [
        'the kid of B under a secret of A',
        (w: World) =>
          sign(
            { tid: w.b.id, sub: 'anna', exp: inAnHour() },
            { alg: 'HS256', kid: w.b.signingKey.kid },
            w.a.signingKey.secret,
          ),
      ],
      [
        'no expiry',
        (w: World) =>
          sign({ tid: w.a.id, sub: 'anna' }, { alg: 'HS256', kid: w.a.signingKey.kid }, w.a.signingKey.secret),
      ],
      [
        'another algorithm',
        (w: World) =>
          sign(
            { tid: w.a.id, sub: 'anna', exp: inAnHour() },
            { alg: 'HS512', kid: w.a.signingKey.kid },
            w.a.signingKey.secret,
          ),
      ],
      [
        'a payload changed after signing',
        (w: World) => {
          const [header, , signature] = sign(
            { tid: w.a.id, sub: 'anna', exp: inAnHour() },
            { alg: 'HS256', kid: w.a.signingKey.kid },
            w.a.signingKey.secret,
          ).split('.');
          return [header, b64({ tid: w.a.id, sub: 'ben', exp: inAnHour() }), signature].join('.');
        },
      ],
      [
        'an ended life',
        (w: World) =>
          sign(
            { tid: w.a.id, sub: 'anna', exp: inAnHour() - 7200 },
            { alg: 'HS256', kid: w.a.signingKey.kid },
            w.a.signingKey.secret,
          ),
      ],
    ])('5: a token with %s is a 401', async (_what, forge) => {
      const answer = await system.caller(forge(world)).get('/v1/users/me');
      expect(answer.status).toBe(401);
      expect(answer.body.code).toMatch(/^token_(invalid|expired)$/);
    });

    it.each([
      'limit[$gt]=1',
      'status[$ne]=active',
      '$where=1',
      'select=metadata',
      'sort=created_at',
      'populate=user',
      'middleware=false',
      'collation[locale]=en',
      'tenant_id=clnt_abcdef',
      '__proto__[x]=1',
    ])('6, 7, 8: the query ?%s is a 400 on every list', async (query) => {
      const anna = await callerOf('user');
      for (const path of [
        '/v1/users',
        '/v1/conversations',
        '/v1/users/me/relationships',
        `/v1/conversations/${world.idsOfA.conversation}/messages`,
      ]) {
        expect(await anna.get(`${path}?${query}`)).toMatchObject({ status: 400 });
      }
    });

    it.each([
      ['an operator for a text', { client_message_id: { $ne: '' }, text: 'x' }],
      ['an operator beside it', { client_message_id: 'x', text: 'x', $where: '1' }],
      ['an operator in metadata', { client_message_id: 'x', text: 'x', metadata: { $set: { tenant_id: 'x' } } }],
      ['a polluted prototype', '{"client_message_id":"x","text":"x","__proto__":{"tenant_id":"x"}}'],
      ['a constructor', '{"client_message_id":"x","text":"x","constructor":{"prototype":{"x":1}}}'],
    ])('6: %s in a body is a 400', async (_what, body) => {
      const anna = await callerOf('user');
      expect(await anna.post(`/v1/conversations/${world.idsOfA.conversation}/messages`, body)).toMatchObject({
        status: 400,
      });
      expect(({} as Record<string, unknown>).tenant_id).toBeUndefined();
    });

    it('9: a cursor of B is refused, or shows rows of A alone', async () => {
      const anna = await callerOf('user');
      const answers = await Promise.all([
        anna.get(`/v1/conversations/${world.idsOfA.conversation}/messages?cursor=${world.idsOfB.message}`),
        anna.get(`/v1/conversations?cursor=${world.idsOfB.conversation}`),
        anna.get(`/v1/users?cursor=${world.idsOfB.message}`),
      ]);
      for (const { body } of answers) expect(JSON.stringify(body)).not.toContain(CANARY);
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 200]);
    });

    it('11: a reply to a message of B is refused', async () => {
      const anna = await callerOf('user');
      const reply = { client_message_id: 'reply', text: 'reply', reply_to_id: world.idsOfB.message };
      const answer = await anna.post(`/v1/conversations/${world.idsOfA.conversation}/messages`, reply);
      expect(answer).toMatchObject({ status: 400, body: { code: 'unknown_reply' } });
    });

    it('2: messages of B are neither edited nor deleted, reacted to, pinned nor looked back at', async () => {
      const anna = await callerOf('user');
      for (const [id, ids] of [world.idsOfB, RANDOM_IDS].map((ids) => [ids.message, ids] as const)) {
        const path = `/v1/messages/${id}`;
        const answers = [
          await anna.patch(path, { text: 'attack' }),
          await anna.patch(path, { text: 'attack' }, { 'if-match': '"0"' }),
          await anna.delete(path),
          await anna.get(`${path}/history`),
          await anna.put(`${path}/reactions/👍`),
          await anna.delete(`${path}/reactions/👍`),
          await anna.get(`${path}/reactions?emoji=%F0%9F%91%8D`),
          await anna.put(`${path}/pin`),
          await anna.delete(`${path}/pin`),
        ];
        for (const answer of answers)
          expect(answer).toMatchObject({ status: 404, body: { code: 'message_not_found' } });
        expect(JSON.stringify(answers.map((answer) => comparable(answer, ids)))).not.toContain(CANARY);
      }
    });

    it('11: no thread is opened under a message of B, none of B read, and nothing forwarded from there or to there', async () => {
      const anna = await callerOf('user');
      const own = world.idsOfA;
      for (const { message, conversation } of [world.idsOfB, RANDOM_IDS]) {
        const body = { client_message_id: 'thread', text: 'thread', thread_root_id: message };
        expect(await anna.post(`/v1/conversations/${own.conversation}/messages`, body)).toMatchObject({
          status: 400,
          body: { code: 'unknown_thread_root' },
        });
        for (const place of [own.conversation, conversation]) {
          expect(await anna.get(`/v1/conversations/${place}/messages?thread_root_id=${message}`)).toMatchObject({
            status: 404,
          });
        }
        const from = { conversation_id: own.conversation, client_message_id: 'from' };
        expect(await anna.post(`/v1/messages/${message}/forward`, from)).toMatchObject({
          status: 404,
          body: { code: 'message_not_found' },
        });
        const to = { conversation_id: conversation, client_message_id: 'to' };
        expect(await anna.post(`/v1/messages/${own.message}/forward`, to)).toMatchObject({
          status: 404,
          body: { code: 'conversation_not_found' },
        });
      }
    });

    it('12: a user of B cannot be mentioned, nor one who is not in the conversation', async () => {
      const anna = await callerOf('user');
      for (const user of [world.idsOfB.user, RANDOM_IDS.user]) {
        const mentions = [user];
        const sent = { client_message_id: 'mention', text: 'hello', mentions };
        expect(await anna.post(`/v1/conversations/${world.idsOfA.conversation}/messages`, sent)).toMatchObject({
          status: 400,
          body: { code: 'unknown_mentions' },
        });
        expect(await anna.patch(`/v1/messages/${world.idsOfA.message}`, { mentions })).toMatchObject({
          status: 400,
          body: { code: 'unknown_mentions' },
        });
      }
    });

    it('12: a user of B can be added to nothing of A, by none of the ways in', async () => {
      const anna = await callerOf('user');
      const { conversation_id } = (await anna.get(`/v1/groups/${world.idsOfA.group}`)).body;
      for (const user of [world.idsOfB.user, RANDOM_IDS.user]) {
        const member_ids = ['ben', user];
        for (const answer of [
          await anna.post(`/v1/conversations/${conversation_id}/members`, { member_ids }),
          await anna.post('/v1/conversations', { type: 'group', member_ids }),
          await anna.post('/v1/groups', { name: 'x', member_ids }),
        ]) {
          expect(answer).toMatchObject({ status: 400, body: { code: 'unknown_members' } });
        }
        const path = `/v1/groups/${world.idsOfA.group}`;
        expect(await anna.put(`${path}/members/${user}`, { role: 'member' })).toMatchObject({ status: 404 });
        expect(await anna.put(`${path}/bans/${user}`, {})).toMatchObject({ status: 404 });
      }
      const { code } = (await world.b.acting('anna').post(`/v1/groups/${world.idsOfB.group}/invites`, {})).body;
      expect(await anna.post('/v1/groups/join', { code })).toMatchObject({
        status: 404,
        body: { code: 'invite_not_found' },
      });
      const { data } = (await world.b.acting('anna').get(`/v1/groups/${world.idsOfB.group}/invites`)).body;
      await world.b.acting('anna').delete(`/v1/groups/${world.idsOfB.group}/invites/${data[0].id}`);
    });

    it('13: a search for words of B finds nothing, and what it finds at all is of A', async () => {
      const anna = await callerOf('user');
      const annaOfB = world.b.acting('anna');
      const hits = async (caller: typeof anna, q: string) =>
        (await caller.get(`/v1/search/messages?q=${encodeURIComponent(q)}`)).body.data as { id: string }[];
      await waitFor('B finds its own', 15_000, async () => (await hits(annaOfB, CANARY)).length > 0);
      await waitFor('A finds its own', 15_000, async () => (await hits(anna, 'hello of-A')).length > 0);
      for (const q of [CANARY, 'canary', `hello ${CANARY}`]) expect(await hits(anna, q)).toEqual([]);
      expect((await hits(anna, 'hello')).map(({ id }) => id)).toContain(world.idsOfA.message);
      expect(JSON.stringify(await hits(anna, 'hello'))).not.toContain(CANARY);
      const past = await anna.get(`/v1/search/messages?q=hello&direction=forward&cursor=${world.idsOfB.message}`);
      expect(JSON.stringify(past.body)).not.toContain(CANARY);
    });

    it('15: external ids, names and client_message_ids of B are free for A', async () => {
      const anna = await callerOf('user');
      expect((await world.a.server().put('/v1/users/ben', {})).body.id).not.toBe(
        (await world.b.server().get('/v1/users/ben')).body.id,
      );
      const { body } = await anna.get(`/v1/conversations/${world.idsOfA.conversation}/messages`);
      expect(
        body.data.some((message: { client_message_id: string }) => message.client_message_id === 'same-in-both'),
      ).toBe(true);
    });

    it('16: the time of a 404 does not tell ids of B from ids of nothing', async () => {
      const anna = await callerOf('user');
      const timesMs = { b: [] as number[], nothing: [] as number[] };
      const ask = async (kind: keyof typeof timesMs, id: string) => {
        const start = performance.now();
        await anna.get(`/v1/messages/${id}`);
        timesMs[kind].push(performance.now() - start);
      };
      for (let round = 0; round < 60; round += 1) {
        const nothing = (0xa0000 + round).toString(16).padStart(24, 'a');
        // Each is as often the first of the two.
        if (round % 2) await ask('nothing', nothing);
        await ask('b', world.idsOfB.message);
        if (round % 2 === 0) await ask('nothing', nothing);
      }
      const at = (share: number, times: number[]) => times.toSorted((x, y) => x - y)[Math.floor(times.length * share)]!;
      const noiseMs = at(0.9, timesMs.nothing) - at(0.1, timesMs.nothing);
      // The same code runs for both, so only the noise of this very run is between them.
      expect(Math.abs(at(0.5, timesMs.b) - at(0.5, timesMs.nothing))).toBeLessThan(noiseMs);
    });

    it('26: ids that could be taken for another name are refused at provisioning', async () => {
      for (const id of [
        'clnt_a',
        'clnt_abcdef_messages',
        'clnt_ABCDEF',
        'clnt_abc$ef',
        'clnt_abc.ef',
        'clnt_abcde\0',
        'abcdef',
        `clnt_${'a'.repeat(25)}`,
      ]) {
        const answer = await system.platform.post('/platform/v1/tenants', { name: 'x', tier, id });
        expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'id' }] } });
      }
      expect(await system.platform.post('/platform/v1/tenants', { name: 'x', tier, id: world.b.id })).toMatchObject({
        status: 409,
        body: { code: 'tenant_exists' },
      });
    });

    it('27: deleting a tenant removes its exact set', async () => {
      const leaving = await system.tenant(tier);
      await leaving.users('anna');
      const seenByA = await world.portraitOfA();
      expect((await system.platform.delete(`/platform/v1/tenants/${leaving.id}`)).status).toBe(204);
      expect(await world.portraitOfA()).toBe(seenByA);
      await waitFor('its key is dead', 6000, async () => (await leaving.server().get('/v1/users')).status === 401);
      const reused = await system.platform.post('/platform/v1/tenants', { name: 'x', tier, id: leaving.id });
      expect(reused).toMatchObject({ status: 409, body: { code: 'tenant_exists' } });
    });

    it('35, 36: what is cached for A is not B’s, and a warmed key of A opens nothing else', async () => {
      expect((await world.a.server().get('/v1/users/anna')).body.display_name).toContain('of-A');
      expect((await world.b.server().get('/v1/users/anna')).body.display_name).toContain(CANARY);
      const keyOfB = world.b.serverKey.split('_')[1];
      const secretOfA = world.a.serverKey.split('_').slice(2).join('_');
      expect(await system.caller(`sk_${keyOfB}_${secretOfA}`).get('/v1/users')).toMatchObject({
        status: 401,
        body: { code: 'key_invalid' },
      });
      await world.a.server().patch('/v1/users/ben', { display_name: 'ben of-A' });
      expect((await world.b.server().get('/v1/users/ben')).body.display_name).toContain(CANARY);
    });

    it('38: no file of B is attached or shown as an avatar, and nothing of B is held for A', () =>
      attackFilesOfB(world, inside));

    it('40: error texts hold nothing of B', async () => {
      const anna = await callerOf('user');
      for (const path of [`/v1/users/${CANARY}`, `/v1/messages/${world.idsOfB.message}`, '/v1/nowhere']) {
        const { body } = await anna.get(path);
        expect(Object.keys(body).sort()).toEqual(
          expect.arrayContaining(['code', 'detail', 'request_id', 'status', 'title', 'type']),
        );
        expect(JSON.stringify(body)).not.toContain(CANARY);
      }
    });
  });

  describe('live', () => {
    let attacker: LiveClient;
    beforeAll(async () => {
      attacker = await world.a.connect(await world.a.token('anna', { session: false }));
    });

    it('covers every message that the api takes', async () => {
      const { body } = await system.caller(null).get('/docs/asyncapi.json');
      const names = (body.operations.sendMessages.messages as { $ref: string }[]).map(({ $ref }) =>
        $ref.split('/').at(-1),
      );
      expect(names.sort()).toEqual(Object.keys(SOCKET_MESSAGES).sort());
    });

    it.each(Object.entries(SOCKET_MESSAGES))(
      '28: %s with ids of B answers as with ids of nothing',
      async (name, payloadOf) => {
        const tokenOfB = await world.b.token('anna', { session: false });
        const toB = await attacker.send(name, payloadOf(world.idsOfB, tokenOfB));
        expect(JSON.stringify(toB)).not.toContain(CANARY);
        if (name === 'session.renew')
          return expect(toB).toMatchObject({ ok: false, error: { code: 'session_mismatch' } });
        const toNothing = await attacker.send(name, payloadOf(RANDOM_IDS, ''));
        const plain = (answer: unknown, ids: typeof RANDOM_IDS) =>
          comparable({ status: 0, body: answer } as never, ids);
        expect(plain(toB, world.idsOfB)).toBe(plain(toNothing, RANDOM_IDS));
      },
    );

    it('28, 29: rooms cannot be joined by name, and B’s events reach nobody of A', async () => {
      for (const name of ['join', 'subscribe', 'room.join', `t:${world.b.id}:c:${world.idsOfB.conversation}`]) {
        expect(await attacker.send(name, { room: `t:${world.b.id}:c:${world.idsOfB.conversation}` })).toMatchObject({
          ok: false,
        });
      }
      const scratch = await system.tenant(tier);
      await scratch.users('anna', 'ben');
      const theirs = await scratch.room('anna', ['ben'], { type: 'direct' });
      await scratch.message('anna', theirs, { text: CANARY }, 1);
      const sentinel = { client_message_id: 'sentinel-of-28', text: 'sentinel' };
      await world.a.acting('ben', 1).post(`/v1/conversations/${world.idsOfA.conversation}/messages`, sentinel);
      await waitFor('the sentinel arrives', 5000, () =>
        JSON.stringify(attacker.events).includes(sentinel.client_message_id),
      );
      expect(JSON.stringify(attacker.events)).not.toContain(CANARY);
    });

    it('33: who of B is there, and types, A neither sees nor hears; not even of namesakes', async () => {
      const people = [await world.b.socket('anna', 0), await world.b.socket('ben', 1)];
      const [annaOfB, benOfB] = people as [LiveClient, LiveClient];
      await annaOfB.send('presence.set', { status: 'busy' });
      expect(await annaOfB.send('typing.start', { conversation_id: world.idsOfB.conversation })).toMatchObject({
        ok: true,
      });
      await waitFor('B hears of both', 10_000, () => {
        const heard = benOfB.of('presence.changed').flatMap(({ data }) => data.changes as { status: string }[]);
        return benOfB.of('typing.started').length > 0 && heard.some(({ status }) => status === 'busy');
      });
      const anna = await callerOf('user');
      expect((await anna.get(`/v1/presence?external_ids=${world.idsOfB.user},anna`)).body.data).toMatchObject([
        { user: { user_external_id: 'anna', user_display_name: 'anna of-A' }, status: 'online' },
      ]);
      expect((await anna.get(`/v1/conversations/${world.idsOfA.conversation}/typing`)).body.data).toEqual([]);
      expect(JSON.stringify(attacker.events)).not.toContain(CANARY);
      expect(attacker.of('typing.started')).toEqual([]);
      for (const client of people) client.socket.disconnect();
    });

    it.each([
      ['no token', undefined, {}, 'token_missing'],
      ['a token that is none', 'x.y.z', {}, 'token_invalid'],
      ['an object for a token', { $ne: null }, {}, 'token_missing'],
      ['a server key', 'sk_0123456789ab_x', {}, 'token_invalid'],
    ])('31: a handshake with %s is refused, with the reason', async (_what, token, headers, code) => {
      await expect(world.a.connect(token, 0, headers)).rejects.toMatchObject({ data: { code } });
    });

    it('31: a foreign Origin is refused', async () => {
      const token = await world.a.token('anna', { session: false });
      await expect(world.a.connect(token, 0, { origin: 'https://evil.example' })).rejects.toMatchObject({
        data: { code: 'origin_not_allowed' },
      });
    });

    it('32: a revoked session closes its sockets within 5 s, and says why', async () => {
      const ben = await world.a.socket('ben', 1);
      const { body } = await world.a.acting('ben').get('/v1/users/me/sessions');
      for (const { id } of body.data) await world.a.acting('ben').delete(`/v1/users/me/sessions/${id}`);
      await waitFor('the socket is closed', 5000, () => ben.disconnectedBecause !== null);
      expect(ben.of('session.revoked')).toHaveLength(1);
    });

    it('32: a suspended tenant’s sockets and credentials stop within 5 s, and come back', async () => {
      const other = await system.tenant(tier);
      await other.users('anna');
      const client = await other.socket('anna', 1);
      await system.platform.patch(`/platform/v1/tenants/${other.id}`, { status: 'suspended' });
      await waitFor('the socket is closed', 5000, () => client.disconnectedBecause !== null);
      await waitFor('the key is refused on both', 5000, async () => {
        const answers = await Promise.all([other.server(0).get('/v1/users'), other.server(1).get('/v1/users')]);
        return answers.every(({ status, body }) => status === 403 && body.code === 'tenant_suspended');
      });
      await system.platform.patch(`/platform/v1/tenants/${other.id}`, { status: 'active' });
      await waitFor('it is let in again', 5000, async () => (await other.server(1).get('/v1/users')).status === 200);
    });
  });

  describe('by a job', () => {
    it('34: a forged job is refused for good, and what it names is untouched', async () => {
      const redis = new Redis(process.env.REDIS_URL!, { maxRetriesPerRequest: null });
      const queue = new Queue('references', { connection: redis as never });
      try {
        const { id: userOfB } = (await world.b.server().get('/v1/users/anna')).body;
        const forgeries = [
          { tenant_id: 'clnt_nosuch1', user_id: userOfB, request_id: 'r', v: 1, outbox_id: null },
          { tenant_id: [world.b.id], user_id: userOfB, request_id: 'r', v: 1, outbox_id: null },
          { tenant_id: world.a.id, user_id: { $ne: null }, request_id: 'r', v: 1, outbox_id: null },
          { tenant_id: world.a.id, user_id: userOfB, request_id: 'r', v: 99, outbox_id: null },
        ];
        const jobs = await Promise.all(forgeries.map((data) => queue.add('refresh-references', data, { attempts: 5 })));
        await waitFor('each is refused at once', 15_000, async () => {
          const states = await Promise.all(
            jobs.map(async (job) => [await job.getState(), (await queue.getJob(job.id!))?.attemptsMade]),
          );
          return states.every(([state, attempts]) => state === 'failed' && attempts === 1);
        });
        // Well-formed, in A's name, about a user of B: for A there is no such user, so nothing happens.
        const crossed = await queue.add('refresh-references', {
          tenant_id: world.a.id,
          user_id: userOfB,
          request_id: 'r',
          v: 1,
          outbox_id: null,
        });
        await waitFor('it finds nothing to do', 15_000, async () => (await crossed.getState()) === 'completed');
      } finally {
        await queue.close();
        redis.disconnect();
      }
    });
  });

  it('the probe underneath has refused nothing: no command of the apis was unscoped, whichever suite made them', async () => {
    for (const api of system.urls.keys()) {
      const metrics = await system.metrics(api);
      expect(metrics).toMatch(/caas_tenant_firewall_commands\{outcome="refused"\} 0/);
      expect(Number(/caas_tenant_firewall_commands\{outcome="passed"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(20);
    }
  });
});
