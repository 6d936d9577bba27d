import { sharedSystem, TIERS, waitFor, type Position, type Room } from '#caas/testing';

const system = sharedSystem();

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const reaction = (id: string, emoji: string) => `/v1/messages/${id}/reactions/${encodeURIComponent(emoji)}`;

describe.each(TIERS)('Reactions and pins on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'eve', 'kim');
  const [anna, ben, eve] = [tenant.as('anna'), tenant.as('ben'), tenant.as('eve')];
  let room: Room;
  beforeAll(async () => void (room = await tenant.room('anna', ['ben'], { type: 'direct' })));

  const revOf = async (of = room) => (await anna.get(of.path)).body.rev as number;
  /** A new message, and the `rev` of its conversation then: that of the next change is one higher. */
  const send = async (to = room): Promise<Position & { id: string }> => {
    const { id, seq } = await tenant.message('anna', to);
    return { id, seq, rev: await revOf(to) };
  };

  describe('reactions', () => {
    it('are counted, are one’s own to see, and move rev once each', async () => {
      const { id, rev } = await send();
      expect(await ben.put(reaction(id, '👍'))).toMatchObject({
        status: 201,
        body: { id, rev: rev + 1, reaction_counts: { '👍': 1 }, own_reactions: ['👍'] },
      });
      expect(await ben.put(reaction(id, '👍'))).toMatchObject({ status: 200, body: { rev: rev + 1 } });
      await anna.put(reaction(id, '👍'));
      await ben.put(reaction(id, ':party_parrot:'));
      const counts = { '👍': 2, ':party_parrot:': 1 };
      expect((await anna.get(`/v1/messages/${id}`)).body).toMatchObject({
        rev: rev + 3,
        reaction_counts: counts,
        own_reactions: ['👍'],
        edited_at: null,
      });
      expect((await ben.delete(reaction(id, '👍'))).status).toBe(204);
      expect((await ben.delete(reaction(id, '👍'))).status).toBe(204);
      expect((await ben.get(`/v1/messages/${id}`)).body).toMatchObject({
        rev: rev + 4,
        reaction_counts: { '👍': 1, ':party_parrot:': 1 },
        own_reactions: [':party_parrot:'],
      });
      await ben.delete(reaction(id, ':party_parrot:'));
      expect((await ben.get(`/v1/messages/${id}`)).body.reaction_counts).toEqual({ '👍': 1 });
      expect(await revOf()).toBe(rev + 5);
    });

    it('may be spelled with what means something to the engine', async () => {
      const { id } = await send();
      const client = await tenant.socket('ben', 1);
      for (const emoji of ['.', '$', '%', '👩‍👩‍👧‍👦', '🧑🏿‍❤️‍💋‍🧑🏽', ':+1:', '1']) {
        expect(await client.send('reaction.add', { message_id: id, emoji })).toMatchObject({ ok: true });
      }
      const { body } = await ben.get(`/v1/messages/${id}`);
      const all = { '.': 1, $: 1, '%': 1, '👩‍👩‍👧‍👦': 1, '🧑🏿‍❤️‍💋‍🧑🏽': 1, ':+1:': 1, '1': 1 };
      expect(body.reaction_counts).toEqual(all);
      expect(body.own_reactions.toSorted()).toEqual(Object.keys(all).toSorted());
      for (const emoji of ['$', '%', '🧑🏿‍❤️‍💋‍🧑🏽', ':+1:']) expect((await ben.delete(reaction(id, emoji))).status).toBe(204);
      expect(await client.send('reaction.remove', { message_id: id, emoji: '.' })).toMatchObject({
        ok: true,
        data: { reaction_counts: { '👩‍👩‍👧‍👦': 1, '1': 1 }, own_reactions: ['👩‍👩‍👧‍👦', '1'] },
      });
    });

    it.each(['ok', '👍👎', ' ', ':NO:', `:${'a'.repeat(63)}:`, '\u200d'])('refuse %j', async (emoji) => {
      const { id, rev } = await send();
      for (const answer of [await ben.put(reaction(id, emoji)), await ben.delete(reaction(id, emoji))]) {
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_emoji', errors: [{ field: 'emoji' }] } });
      }
      expect(await revOf()).toBe(rev);
    });

    it('are of at most fifty kinds to a message', async () => {
      const { id } = await send();
      const emojis = upTo(51).map((n) => `:e${n}:`);
      for (const emoji of emojis.slice(0, 50)) expect((await ben.put(reaction(id, emoji))).status).toBe(201);
      expect(await ben.put(reaction(id, ':e51:'))).toMatchObject({ status: 400, body: { code: 'too_many_reactions' } });
      expect((await anna.put(reaction(id, ':e50:'))).status).toBe(201);
    });

    it('are listed with who made them, for members alone', async () => {
      const { id } = await send();
      await ben.put(reaction(id, '👍'));
      await anna.put(reaction(id, '👍'));
      await anna.put(reaction(id, '🎉'));
      const { body } = await ben.get(`/v1/messages/${id}/reactions?limit=2`);
      expect(body.data).toMatchObject([
        { emoji: '🎉', message_id: id, user: { user_external_id: 'anna' }, created_at: expect.any(String) },
        { emoji: '👍', user: { user_external_id: 'anna' } },
      ]);
      const rest = await ben.get(`/v1/messages/${id}/reactions?limit=2&cursor=${body.page.next_cursor}`);
      expect(rest.body).toMatchObject({ data: [{ user: { user_external_id: 'ben' } }], page: { has_more: false } });
      const thumbs = await ben.get(`/v1/messages/${id}/reactions?emoji=${encodeURIComponent('👍')}`);
      expect(thumbs.body.data).toHaveLength(2);
      expect(await ben.get(`/v1/messages/${id}/reactions?emoji=no`)).toMatchObject({ status: 400 });
      for (const answer of [
        await eve.get(`/v1/messages/${id}/reactions`),
        await eve.put(reaction(id, '👍')),
        await eve.delete(reaction(id, '👍')),
      ]) {
        expect(answer).toMatchObject({ status: 404, body: { code: 'message_not_found' } });
      }
    });

    it('are told to all, counted, without whose view it is; and by sync with it', async () => {
      const { id, seq, rev } = await send();
      const [annas, bens] = [await tenant.socket('anna', 0), await tenant.socket('ben', 1)];
      expect(await bens.send('reaction.add', { message_id: id, emoji: '👍' })).toMatchObject({
        ok: true,
        data: { id, own_reactions: ['👍'] },
      });
      await bens.send('reaction.remove', { message_id: id, emoji: '👍' });
      await bens.send('reaction.add', { message_id: id, emoji: '🎉' });
      for (const client of [annas, bens]) {
        await waitFor('three events', 5000, () => client.events.filter((event) => (event?.rev ?? 0) > rev).length >= 3);
        const told = client.events.filter((event) => (event?.rev ?? 0) > rev);
        // Each names the message, and which `rev` of it the counts follow.
        const [added, removed, another] = [
          { message_id: id, base_rev: 0, emoji: '👍', reaction_counts: { '👍': 1 } },
          { message_id: id, base_rev: rev + 1, emoji: '👍', reaction_counts: {} },
          { message_id: id, base_rev: rev + 2, emoji: '🎉', user: { user_external_id: 'ben' } },
        ];
        expect(told).toMatchObject([
          { type: 'reaction.added', seq, rev: rev + 1, data: added },
          { type: 'reaction.removed', seq, rev: rev + 2, data: removed },
          { type: 'reaction.added', seq, rev: rev + 3, data: another },
        ]);
        expect(told[1]!.data['reaction_counts']).toEqual({});
        expect(JSON.stringify(told)).not.toContain('own_reactions');
      }
      const known = { conversations: { [room.id]: { seq, rev } } };
      const mine = (await ben.post('/v1/sync', known)).body.conversations[room.id];
      expect(mine).toMatchObject({ rev: rev + 3, messages: [{ id, rev: rev + 3, own_reactions: ['🎉'] }] });
      const annasView = await annas.send('sync', known);
      expect(annasView.data.conversations[room.id].messages).toMatchObject([
        { id, reaction_counts: { '🎉': 1 }, own_reactions: [] },
      ]);
    });

    it('of fifty users at once on two processes are all counted, each with its rev, and told in order', async () => {
      const names = upTo(50).map((n) => `fan-${n}`);
      await tenant.users(...names);
      const fans = await tenant.room('anna', names);
      const { id, rev } = await send(fans);
      const listener = await tenant.socket('fan-1', 1);
      const emojiOf = (n: number) => (n % 2 ? '👍' : '🎉');
      const answers = await Promise.all(
        names.flatMap((name, n) => [
          tenant.acting(name, n % 2).put(reaction(id, emojiOf(n))),
          tenant.acting(name, (n + 1) % 2).put(reaction(id, emojiOf(n))),
        ]),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(50);
      const created = answers.filter(({ status }) => status === 201).map(({ body }) => body.rev as number);
      expect(created.sort((a, b) => a - b)).toEqual(upTo(50).map((n) => rev + n));
      expect((await anna.get(`/v1/messages/${id}`)).body).toMatchObject({
        rev: rev + 50,
        reaction_counts: { '👍': 25, '🎉': 25 },
      });
      expect(await revOf(fans)).toBe(rev + 50);
      await waitFor('the last one is told', 10_000, () => listener.events.some((event) => event?.rev === rev + 50));
      const revs = listener.events.filter((event) => (event?.rev ?? 0) > rev).map((event) => event.rev);
      expect(revs).toEqual(revs.toSorted((a, b) => a! - b!));
      const listed = (await anna.get(`/v1/messages/${id}/reactions?limit=100`)).body.data;
      expect(listed).toHaveLength(50);

      const [takenBack, edits] = await Promise.all([
        Promise.all(names.map((name, n) => tenant.acting(name, n % 2).delete(reaction(id, emojiOf(n))))),
        Promise.all(
          upTo(10).map((n) => tenant.acting('anna', n % 2).patch(`/v1/messages/${id}`, { text: `edit ${n}` })),
        ),
      ]);
      expect([...takenBack, ...edits].filter(({ status }) => status >= 300)).toEqual([]);
      expect((await anna.get(`/v1/messages/${id}`)).body).toMatchObject({ rev: rev + 110, reaction_counts: {} });
      expect(await revOf(fans)).toBe(rev + 110);
    });
  });

  describe('pins', () => {
    const pinned = async (as = ben, more = '') =>
      (await as.get(`${room.path}/messages?pinned=true${more}`)).body.data.map(
        ({ id }: { id: string }) => id,
      ) as string[];

    it('hold a message at hand for both, told and synced, once', async () => {
      const bens = await tenant.socket('ben', 1);
      const [first, second] = [await send(), await send()];
      expect(await ben.put(`/v1/messages/${first.id}/pin`)).toMatchObject({
        status: 200,
        body: { id: first.id, rev: second.rev + 1, pinned_at: expect.any(String), edited_at: null },
      });
      expect(await anna.put(`/v1/messages/${first.id}/pin`)).toMatchObject({
        status: 200,
        body: { rev: second.rev + 1 },
      });
      await anna.put(`/v1/messages/${second.id}/pin`);
      expect(await pinned()).toEqual([second.id, first.id]);
      expect(await pinned(anna, `&cursor=${second.id}`)).toEqual([first.id]);
      expect((await anna.delete(`/v1/messages/${first.id}/pin`)).status).toBe(204);
      expect((await anna.delete(`/v1/messages/${first.id}/pin`)).status).toBe(204);
      expect(await pinned()).toEqual([second.id]);
      await anna.delete(`/v1/messages/${second.id}`);
      expect(await pinned()).toEqual([]);
      expect(await revOf()).toBe(second.rev + 4);
      await waitFor('the end', 5000, () => bens.events.some((event) => event?.rev === second.rev + 4));
      const told = bens.events.filter((event) => (event?.rev ?? 0) > second.rev);
      expect(told.map((event) => [event.type, event.data.id, event.data.pinned_at === null])).toEqual([
        ['message.updated', first.id, false],
        ['message.updated', second.id, false],
        ['message.updated', first.id, true],
        ['message.deleted', second.id, true],
      ]);
    });

    it('are set in a group by moderators and above, and by nobody from outside', async () => {
      const { id } = await send(await tenant.room('anna', ['ben']));
      for (const answer of [await ben.put(`/v1/messages/${id}/pin`), await ben.delete(`/v1/messages/${id}/pin`)]) {
        expect(answer).toMatchObject({ status: 403, body: { code: 'moderator_required' } });
      }
      expect((await anna.put(`/v1/messages/${id}/pin`)).status).toBe(200);
      expect(await eve.put(`/v1/messages/${id}/pin`)).toMatchObject({
        status: 404,
        body: { code: 'message_not_found' },
      });
      expect(await ben.get(`${room.path}/messages?pinned=yes`)).toMatchObject({ status: 400 });
    });
  });

  it('are not for somebody who was blocked, but can be taken back', async () => {
    const kim = tenant.acting('kim');
    const direct = await tenant.room('kim', ['anna'], { type: 'direct' });
    const { id } = await send(direct);
    const own = await tenant.message('kim', direct);
    await kim.put(reaction(id, '👍'));
    await anna.put('/v1/users/me/relationships/kim', { type: 'block' });
    await waitFor('the block holds', 6000, async () => {
      const { status, body } = await kim.put(reaction(id, '🎉'));
      await kim.delete(reaction(id, '🎉'));
      return status === 403 && body.code === 'blocked';
    });
    for (const answer of [
      await kim.patch(`/v1/messages/${own.id}`, { text: 'insult' }),
      await kim.put(`/v1/messages/${own.id}/pin`),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'blocked' } });
    }
    expect((await kim.delete(reaction(id, '👍'))).status).toBe(204);
    expect((await kim.delete(`/v1/messages/${own.id}`)).status).toBe(200);
  });
});
