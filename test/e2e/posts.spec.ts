import { patient, sharedSystem, waitFor, type Caller } from '#caas/testing';
import { TenantRows } from '../support/tenant-rows';

const system = sharedSystem();
/** There until the end: see `purged`. */
const tenants = {
  starter: system.session('starter', 'anna', 'ben', 'eve'),
  pro: system.session('pro', 'anna', 'ben', 'eve'),
  enterprise: system.session('enterprise', 'anna', 'ben', 'eve'),
};
const opened: TenantRows[] = [];
afterAll(async () => {
  for (const rows of opened) await rows.close();
});

/** What is checked at the end, once for all tiers: a job passes by every ten seconds. */
const purged: (() => Promise<void>)[] = [];

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const reaction = (id: string, emoji: string) => `/v1/posts/${id}/reactions/${encodeURIComponent(emoji)}`;
const DAY_MS = 24 * 60 * 60_000;

describe.each(['starter', 'pro', 'enterprise'] as const)('Posts on the tier %s', (tier) => {
  const tenant = tenants[tier];
  const [anna, ben, eve] = [tenant.as('anna'), tenant.as('ben'), tenant.as('eve')];
  let rows: TenantRows;
  beforeAll(async () => {
    opened.push((rows = await TenantRows.open(tenant.id, tier)));
    await befriend('anna', 'ben');
  });

  const befriend = async (one: string, other: string) => {
    await tenant.acting(one).put(`/v1/users/me/relationships/${other}`, { type: 'friend' });
    await tenant.acting(other, 1).put(`/v1/users/me/relationships/${one}`, { type: 'friend' });
  };
  const post = async (by: Caller, more: object = {}) => {
    const answer = await by.post('/v1/posts', { kind: 'post', visibility: 'public', text: 'hello', ...more });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.id as string;
  };
  const idsOf = async (by: Caller, path: string) => {
    const { status, body } = await by.get(path);
    expect(status).toBe(200);
    return body.data.map(({ id }: { id: string }) => id) as string[];
  };

  describe('posting', () => {
    it('answers the post with its files as they are, and holds them', async () => {
      const [picture, film] = [await rows.file('anna', 'image'), await rows.file('anna', 'video', 'processing')];
      const answer = await anna.post('/v1/posts', {
        kind: 'post',
        text: 'look',
        file_ids: [film, picture],
        visibility: 'friends',
        metadata: { mood: 'good' },
      });
      expect(answer).toMatchObject({
        status: 201,
        etag: expect.stringMatching(/^"0-/),
        body: {
          kind: 'post',
          author: { user_external_id: 'anna' },
          text: 'look',
          attachments: [
            { file_id: film, status: 'processing', kind: null },
            { file_id: picture, status: 'ready', kind: 'image', width: 640 },
          ],
          visibility: 'friends',
          metadata: { mood: 'good' },
          reaction_counts: {},
          own_reactions: [],
          view_count: 0,
          edited_at: null,
          expires_at: null,
        },
      });
      expect((await tenant.acting('ben', 1).get(`/v1/posts/${answer.body.id}`)).body).toEqual(answer.body);
      expect(await rows.holding(picture)).toEqual([1, 1, false]);
      const again = await post(anna, { file_ids: [picture] });
      expect(await rows.holding(picture)).toEqual([2, 2, false]);
      expect((await anna.delete(`/v1/posts/${again}`)).status).toBe(204);
      expect(await rows.holding(picture)).toEqual([1, 1, false]);
    });

    it('takes a reel of exactly one ready video', async () => {
      const reel = (file_ids: string[]) => anna.post('/v1/posts', { kind: 'reel', visibility: 'public', file_ids });
      const [picture, waiting] = [await rows.file('anna', 'image'), await rows.file('anna', 'video', 'processing')];
      const film = await rows.file('anna', 'video');
      expect(await reel([film])).toMatchObject({ status: 201, body: { attachments: [{ kind: 'video' }] } });
      expect(await reel([waiting])).toMatchObject({ status: 409, body: { code: 'file_not_ready' } });
      expect(await reel([picture])).toMatchObject({ status: 400, body: { code: 'not_a_video' } });
      expect(await reel([])).toMatchObject({ status: 400, body: { code: 'empty_post' } });
      expect(await reel([film, waiting])).toMatchObject({ status: 400, body: { code: 'one_video_required' } });
      expect(await rows.holding(waiting)).toEqual([0, 0, true]);
    });

    it('refuses what is empty, not theirs, twice the same, or not known', async () => {
      const theirs = await rows.file('ben', 'image');
      const mine = await rows.file('anna', 'image');
      const rejected = await rows.file('anna', 'image', 'rejected');
      const tries: [object, string][] = [
        [{ text: undefined }, 'empty_post'],
        [{ kind: 'story', text: null }, 'empty_post'],
        [{ text: '' }, 'empty_post'],
        [{ text: 'x'.repeat(5001) }, 'validation_failed'],
        [{ kind: 'poll' }, 'validation_failed'],
        [{ visibility: 'some' }, 'validation_failed'],
        [{ file_ids: [mine, mine] }, 'validation_failed'],
        [{ file_ids: ['no id'] }, 'validation_failed'],
        [{ file_ids: upTo(11).map((n) => n.toString(16).padStart(24, '0')) }, 'validation_failed'],
        [{ author: 'ben' }, 'validation_failed'],
        [{ file_ids: [mine, theirs] }, 'invalid_file'],
        [{ file_ids: ['0'.repeat(24)] }, 'invalid_file'],
        [{ file_ids: [rejected] }, 'invalid_file'],
      ];
      for (const [more, code] of tries) {
        const answer = await anna.post('/v1/posts', { kind: 'post', visibility: 'public', text: 'x', ...more });
        expect([more, answer.status, answer.body.code]).toEqual([more, 400, code]);
      }
      expect(await rows.holding(mine)).toEqual([0, 0, true]);
      expect(await tenant.server().get('/v1/posts')).toMatchObject({
        status: 400,
        body: { code: 'acting_user_required' },
      });
      expect(await anna.get('/v1/posts?kind=poll')).toMatchObject({ status: 400, body: { code: 'invalid_parameter' } });
    });

    it('makes one post of one Idempotency-Key', async () => {
      const body = { kind: 'post', visibility: 'private', text: 'once' };
      const once = () => anna.call('POST', '/v1/posts', body, { 'idempotency-key': 'once' });
      expect((await once()).body.id).toBe((await once()).body.id);
    });
  });

  describe('changing', () => {
    it('is for the author, by version, which neither reactions nor views move', async () => {
      const id = await post(anna);
      await ben.put(reaction(id, '👍'));
      await ben.put(`/v1/posts/${id}/view`);
      const changed = await anna.patch(`/v1/posts/${id}`, { text: 'better' }, { 'if-match': '"0"' });
      expect(changed).toMatchObject({
        status: 200,
        etag: expect.stringMatching(/^"1-/),
        body: { text: 'better', edited_at: expect.any(String), reaction_counts: { '👍': 1 }, view_count: 1 },
      });
      const stale = { 'if-match': '"0"' };
      expect((await anna.patch(`/v1/posts/${id}`, { text: 'late' }, stale)).status).toBe(412);
      expect((await anna.delete(`/v1/posts/${id}`, stale)).status).toBe(412);
      expect(await anna.patch(`/v1/posts/${id}`, { text: null })).toMatchObject({
        status: 400,
        body: { code: 'empty_post' },
      });
      for (const answer of [await ben.patch(`/v1/posts/${id}`, { text: 'no' }), await ben.delete(`/v1/posts/${id}`)]) {
        expect(answer).toMatchObject({ status: 403, body: { code: 'author_required' } });
      }
      await anna.patch(`/v1/posts/${id}`, { visibility: 'private' });
      expect(await ben.patch(`/v1/posts/${id}`, { text: 'no' })).toMatchObject({
        status: 404,
        body: { code: 'post_not_found' },
      });
      expect(await tenant.server(1).patch(`/v1/posts/${id}`, { text: 'moderated' })).toMatchObject({ status: 200 });
      expect((await tenant.server(1).delete(`/v1/posts/${id}`)).status).toBe(204);
      expect((await anna.get(`/v1/posts/${id}`)).status).toBe(404);
    });

    it('loses none of two changes at once, and one of two with the same version', async () => {
      const id = await post(anna);
      const answers = await Promise.all(
        [0, 1].map((process) =>
          tenant.acting('anna', process).patch(`/v1/posts/${id}`, { text: `${process}` }, { 'if-match': '"0"' }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
      await Promise.all([
        tenant.acting('anna', 0).patch(`/v1/posts/${id}`, { text: 'text' }),
        tenant.acting('anna', 1).patch(`/v1/posts/${id}`, { metadata: { a: 1 } }),
      ]);
      expect(await anna.get(`/v1/posts/${id}`)).toMatchObject({
        etag: expect.stringMatching(/^"3-/),
        body: { text: 'text', metadata: { a: 1 } },
      });
    });
  });

  describe('seeing', () => {
    it('follows visibility, friendship and blocks from both sides, everywhere', async () => {
      const [open, friends, closed] = [
        await post(anna),
        await post(anna, { visibility: 'friends' }),
        await post(anna, { visibility: 'private' }),
      ];
      const all = [closed, friends, open];
      const seenBy = async (caller: Caller) => {
        const byId = [];
        for (const id of all) if ((await caller.get(`/v1/posts/${id}`)).status === 200) byId.push(id);
        const feed = (await idsOf(caller, '/v1/posts?limit=100')).filter((id) => all.includes(id));
        const ofUser = (await idsOf(caller, '/v1/users/anna/posts?limit=100')).filter((id) => all.includes(id));
        expect([feed, ofUser]).toEqual([byId, byId]);
        return byId;
      };
      expect(await seenBy(anna)).toEqual(all);
      expect(await seenBy(ben)).toEqual([friends, open]);
      expect(await seenBy(tenant.acting('eve', 1))).toEqual([open]);
      expect((await idsOf(tenant.server(), '/v1/users/anna/posts?limit=3')).sort()).toEqual(all.toSorted());
      expect((await tenant.server().get(`/v1/posts/${closed}`)).status).toBe(200);

      await eve.put('/v1/users/me/relationships/anna', { type: 'mute' });
      expect((await eve.get(`/v1/posts/${open}`)).status).toBe(200);
      expect(await idsOf(eve, '/v1/users/anna/posts')).toContain(open);
      expect(await idsOf(eve, '/v1/posts?limit=100')).not.toContain(open);
      await eve.delete('/v1/users/me/relationships/anna');

      for (const [by, whom] of [
        ['anna', 'eve'],
        ['eve', 'anna'],
      ] as const) {
        await tenant.acting(by).put(`/v1/users/me/relationships/${whom}`, { type: 'block' });
        expect(await seenBy(tenant.acting('eve', 1))).toEqual([]);
        for (const answer of [
          await eve.put(reaction(open, '👍')),
          await eve.put(`/v1/posts/${open}/view`),
          await eve.get(`/v1/posts/${open}/reactions`),
        ]) {
          expect(answer).toMatchObject({ status: 404, body: { code: 'post_not_found' } });
        }
        await tenant.acting(by).delete(`/v1/users/me/relationships/${whom}`);
        expect(await seenBy(eve)).toEqual([open]);
      }
    });

    it('ends with the author, and comes back with them', async () => {
      const kim = await tenant.user('kim');
      const id = await post(kim);
      const server = tenant.server();
      const isSeen = async () => [
        (await ben.get(`/v1/posts/${id}`)).status === 200,
        (await idsOf(tenant.acting('ben', 1), '/v1/posts?limit=100')).includes(id),
      ];
      expect(await isSeen()).toEqual([true, true]);
      await server.patch('/v1/users/kim', { status: 'deactivated' });
      expect(await isSeen()).toEqual([false, false]);
      expect(await idsOf(ben, '/v1/users/kim/posts')).toEqual([]);
      await server.patch('/v1/users/kim', { status: 'active' });
      expect(await isSeen()).toEqual([true, true]);
      await server.delete('/v1/users/kim');
      expect(await isSeen()).toEqual([false, false]);
      expect((await ben.get('/v1/users/kim/posts')).status).toBe(404);
      await server.put('/v1/users/kim', {});
      expect(await isSeen()).toEqual([true, true]);
    });

    it('goes by pages of a feed in order, without gaps or repetitions, both ways', async () => {
      const [pat, sam] = [await tenant.user('pat'), await tenant.user('sam')];
      await befriend('pat', 'sam');
      const first = await post(sam);
      const made: string[] = [first];
      for (const n of upTo(23)) {
        const [by, visibility] = [
          [sam, 'friends'],
          [sam, 'public'],
          [pat, 'private'],
          [sam, 'private'],
        ][n % 4] as [Caller, string];
        const id = await post(by, { visibility, kind: 'post', text: `${n}` });
        if (by === pat || visibility !== 'private') made.push(id);
      }
      const walk = async (direction: string, from: string | null) => {
        const seen: string[] = [];
        for (let cursor = from; ;) {
          const { body } = await pat.get(
            `/v1/posts?limit=4&direction=${direction}${cursor ? `&cursor=${cursor}` : ''}`,
          );
          seen.push(...body.data.map(({ id }: { id: string }) => id));
          expect(body.page.has_more).toBe(body.page.next_cursor !== null);
          cursor = body.page.next_cursor as string | null;
          if (cursor === null) return seen;
        }
      };
      const backward = await walk('backward', null);
      expect(backward.slice(0, made.length)).toEqual(made.toReversed());
      expect(new Set(backward).size).toBe(backward.length);
      expect([first, ...(await walk('forward', first))]).toEqual(made);
      expect((await walk('forward', null)).toReversed()).toEqual(backward);
    });

    it('finds in the feed what friends posted behind a thousand others’, for few friends and for many', async () => {
      await tenant.users('nia');
      const old = await tenant.user('old');
      await befriend('nia', 'old');
      const newest = await post(old, {
        kind: 'reel',
        visibility: 'friends',
        file_ids: [await rows.file('old', 'video')],
      });
      await rows.older(newest, 'eve', 1_000, 1_100);
      const oldest = await rows.older(newest, 'old', 2_000, 1);
      const nia = tenant.acting('nia', 1);
      const reels = async (direction: string) => {
        const ids = await idsOf(nia, `/v1/posts?kind=reel&limit=100&direction=${direction}`);
        const ofFriends = ids.filter((id) => [newest, oldest].includes(id));
        expect(ids.length - ofFriends.length).toBeLessThan(10);
        return ofFriends;
      };
      expect(await reels('backward')).toEqual([newest, oldest]);
      expect(await reels('forward')).toEqual([oldest, newest]);
      const names = upTo(20).map((n) => `pal-${n}`);
      await tenant.users(...names);
      await Promise.all(names.map((name) => befriend('nia', name)));
      expect(await reels('backward')).toEqual([newest, oldest]);
      expect(await reels('forward')).toEqual([oldest, newest]);
    });
  });

  describe('reactions', () => {
    it('are counted, are one’s own to see, and follow the rules of messages', async () => {
      const id = await post(anna);
      expect(await ben.put(reaction(id, '👍'))).toMatchObject({
        status: 201,
        body: { id, reaction_counts: { '👍': 1 }, own_reactions: ['👍'] },
      });
      expect((await ben.put(reaction(id, '👍'))).status).toBe(200);
      await anna.put(reaction(id, '👍'));
      await ben.put(reaction(id, '$'));
      expect((await tenant.acting('ben', 1).get('/v1/posts?limit=1')).body.data).toMatchObject([
        { id, reaction_counts: { '👍': 2, $: 1 }, own_reactions: ['👍', '$'] },
      ]);
      const { body } = await eve.get(`/v1/posts/${id}/reactions?limit=2`);
      expect(body.data).toMatchObject([
        { emoji: '$', post_id: id, user: { user_external_id: 'ben' } },
        { emoji: '👍', user: { user_external_id: 'anna' } },
      ]);
      const next = `/v1/posts/${id}/reactions?limit=2&cursor=${body.page.next_cursor}`;
      expect((await eve.get(next)).body).toMatchObject({ data: [{ emoji: '👍' }], page: { has_more: false } });
      expect((await eve.get(`/v1/posts/${id}/reactions?emoji=$`)).body.data).toHaveLength(1);
      expect((await ben.delete(reaction(id, '👍'))).status).toBe(204);
      expect((await ben.delete(reaction(id, '👍'))).status).toBe(204);
      expect((await ben.get(`/v1/posts/${id}`)).body).toMatchObject({
        reaction_counts: { '👍': 1, $: 1 },
        own_reactions: ['$'],
      });
      for (const emoji of ['ok', '👍👎', ':NO:']) {
        expect(await ben.put(reaction(id, emoji))).toMatchObject({ status: 400, body: { code: 'invalid_emoji' } });
      }
      const emojis = upTo(50).map((n) => `:e${n}:`);
      const answers = await Promise.all(emojis.map((emoji) => ben.put(reaction(id, emoji))));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(48);
      expect(answers.find(({ status }) => status === 400)?.body.code).toBe('too_many_reactions');
    });

    it('and views of fifty users at once on two processes are counted exactly', async () => {
      const id = await post(anna);
      const names = upTo(50).map((n) => `fan-${n}`);
      await tenant.users(...names);
      const emojiOf = (n: number) => (n % 2 ? '👍' : '🎉');
      const answers = await Promise.all(
        names.flatMap((name, n) =>
          [0, 1].flatMap((process) => [
            tenant.acting(name, process).put(reaction(id, emojiOf(n))),
            tenant.acting(name, process).put(`/v1/posts/${id}/view`),
          ]),
        ),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(100);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
      expect((await anna.get(`/v1/posts/${id}`)).body).toMatchObject({
        reaction_counts: { '👍': 25, '🎉': 25 },
        view_count: 50,
      });
      expect([await rows.about('post_reactions', id), await rows.about('post_views', id)]).toEqual([50, 50]);
      // Taken back and made at once, twice over: whatever is left is what is counted.
      await Promise.all(
        names.flatMap((name, n) => [
          tenant.acting(name, n % 2).delete(reaction(id, emojiOf(n))),
          tenant.acting(name, (n + 1) % 2).put(reaction(id, '👍')),
        ]),
      );
      const { body } = await anna.get(`/v1/posts/${id}`);
      const left = (await anna.get(`/v1/posts/${id}/reactions?limit=100`)).body.data as { emoji: string }[];
      expect(body.reaction_counts).toEqual({ '👍': left.length });
      expect(left.length).toBeGreaterThanOrEqual(25);
    });
  });

  describe('stories', () => {
    it('say who saw them, to their author; nobody counts twice, and the author not at all', async () => {
      const asked = Date.now();
      const id = await post(anna, { kind: 'story', visibility: 'friends' });
      const tookMs = Date.now() - asked;
      const { body } = await ben.put(`/v1/posts/${id}/view`);
      expect(body).toMatchObject({ id, kind: 'story', view_count: 1 });
      const lifetime = new Date(body.expires_at as string).getTime() - new Date(body.created_at as string).getTime();
      expect(Math.abs(lifetime - DAY_MS)).toBeLessThanOrEqual(tookMs);
      expect(await tenant.acting('ben', 1).put(`/v1/posts/${id}/view`)).toMatchObject({
        status: 200,
        body: { view_count: 1 },
      });
      expect(await anna.put(`/v1/posts/${id}/view`)).toMatchObject({ status: 200, body: { view_count: 1 } });
      expect((await anna.get(`/v1/posts/${id}/viewers`)).body.data).toMatchObject([
        { user: { user_external_id: 'ben' }, viewed_at: expect.any(String) },
      ]);
      expect(await ben.get(`/v1/posts/${id}/viewers`)).toMatchObject({
        status: 403,
        body: { code: 'author_required' },
      });
      expect((await eve.get(`/v1/posts/${id}/viewers`)).status).toBe(404);
      expect(await anna.get(`/v1/posts/${await post(anna)}/viewers`)).toMatchObject({
        status: 400,
        body: { code: 'not_a_story' },
      });
    });

    it('are in lists when asked for, and gone from everything the moment they expire', async () => {
      const picture = await rows.file('anna', 'image');
      const id = await post(anna, { kind: 'story', text: null, file_ids: [picture] });
      const kept = await post(anna, { kind: 'story', text: 'kept' });
      const deleted = await post(anna);
      for (const each of [id, deleted]) {
        await ben.put(reaction(each, '👍'));
        await ben.put(`/v1/posts/${each}/view`);
      }
      expect(await idsOf(ben, '/v1/posts?limit=100')).not.toContain(id);
      expect(await idsOf(ben, '/v1/users/anna/posts?limit=100')).not.toContain(id);
      for (const path of ['/v1/posts?kind=story', '/v1/users/anna/posts?kind=story']) {
        expect((await idsOf(ben, path)).slice(0, 2)).toEqual([kept, id]);
      }
      expect(await rows.holding(picture)).toEqual([1, 1, false]);
      await anna.delete(`/v1/posts/${deleted}`);
      await rows.expire(id);
      for (const caller of [anna, tenant.acting('ben', 1), tenant.server()]) {
        for (const path of ['', '/reactions', '/viewers']) {
          expect((await caller.get(`/v1/posts/${id}${path}`)).status).toBe(404);
        }
        expect(await idsOf(caller, '/v1/users/anna/posts?kind=story')).not.toContain(id);
      }
      expect(await idsOf(ben, '/v1/posts?kind=story')).not.toContain(id);
      for (const answer of [
        await ben.put(reaction(id, '🎉')),
        await ben.put(`/v1/posts/${id}/view`),
        await anna.patch(`/v1/posts/${id}`, { text: 'no' }),
        await anna.delete(`/v1/posts/${id}`),
      ]) {
        expect(answer.status).toBe(404);
      }
      purged.push(async () => {
        await waitFor('the story is purged', 60_000, async () => (await rows.post(id)) === null);
        await waitFor(
          'the rest of the other too',
          60_000,
          async () => (await rows.post(deleted))?.['expires_at'] === null,
        );
        expect(await rows.holding(picture)).toEqual([0, 0, true]);
        for (const each of [id, deleted]) {
          expect([await rows.about('post_reactions', each), await rows.about('post_views', each)]).toEqual([0, 0]);
        }
        expect(await rows.post(deleted)).toMatchObject({ text: null, deleted_at: expect.any(Date) });
        expect((await ben.get(`/v1/posts/${kept}`)).status).toBe(200);
      });
    });
  });

  it('carry the new name of who is renamed', async () => {
    const lou = await tenant.user('lou', { display_name: 'Lou' });
    const id = await post(lou);
    await lou.put(reaction(id, '👍'));
    await tenant.server().patch('/v1/users/lou', { display_name: 'Louise' });
    const named = { user_external_id: 'lou', user_display_name: 'Louise' };
    await waitFor('the new name', 20_000, async () => {
      const [{ body }, { body: reactions }] = [
        await anna.get(`/v1/posts/${id}`),
        await anna.get(`/v1/posts/${id}/reactions`),
      ];
      return [body.author, reactions.data[0].user].every((user) => user.user_display_name === named.user_display_name);
    });
    expect(await anna.get(`/v1/posts/${id}`)).toMatchObject({
      etag: expect.stringMatching(/^"0-/),
      body: { author: named },
    });
  });
});

it(
  'What has expired or was deleted is purged with its reactions and views, and its files are freed',
  async () => {
    expect(purged).toHaveLength(3);
    await Promise.all(purged.map((check) => check()));
  },
  patient(90_000),
);
