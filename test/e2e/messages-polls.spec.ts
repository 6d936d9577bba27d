import { patient, sharedSystem, TIERS, waitFor, type Caller, type Position, type Room } from '#caas/testing';

const system = sharedSystem();

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const options = [{ text: 'red' }, { text: 'green' }, { text: 'blue' }];
const colours = { question: 'Which colour?', options };
const polled = (poll: object) => ({ type: 'poll', poll: { ...colours, ...poll } });
const votesOf = ({ body }: { body: { poll: { options: { vote_count: number }[]; voter_count: number } } }) => [
  ...body.poll.options.map(({ vote_count }) => vote_count),
  body.poll.voter_count,
];

describe.each(TIERS)('Polls on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl', 'eve', 'kim');
  const [anna, ben, carl, eve] = [tenant.as('anna'), tenant.as('ben'), tenant.as('carl'), tenant.as('eve')];
  let room: Room;
  beforeAll(async () => void (room = await tenant.room('anna', ['ben', 'carl'])));

  const post = (fields: object) => tenant.send('anna', room, { text: undefined, ...fields });
  /** A new poll, and the `rev` of its conversation then: that of the next change is one higher. */
  const ask = async (poll: object = {}, to = room, who = 'anna') => {
    const message = await tenant.message(who, to, { text: undefined, ...polled(poll) });
    const ids = (message.poll.options as { id: string }[]).map(({ id }) => id);
    const { rev } = (await tenant.acting(who).get(to.path)).body as Position;
    const { id, seq } = message as Position & { id: string };
    return { id, seq, rev, ids: ids as [string, string, string] };
  };
  const vote = (as: Caller, id: string, ...option_ids: string[]) => as.put(`/v1/messages/${id}/votes`, { option_ids });
  const close = (as: Caller, id: string) => as.post(`/v1/messages/${id}/poll/close`);

  describe('asking', () => {
    it('is a message, alike for all who see it, in pages, events, previews and search; the same again is the same', async () => {
      const bens = await tenant.socket('ben', 1);
      const body = { client_message_id: 'ask', type: 'poll', text: 'Hurry', poll: { ...colours, anonymous: true } };
      const made = await post(body);
      const poll = {
        question: 'Which colour?',
        options: options.map(({ text }) => ({ id: expect.stringMatching(/^[0-9a-f]{24}$/), text, vote_count: 0 })),
        multiple: false,
        anonymous: true,
        closes_at: null,
        closed_at: null,
        voter_count: 0,
      };
      expect(made).toMatchObject({ status: 201, body: { type: 'poll', text: 'Hurry', own_votes: [] } });
      expect(made.body.poll).toEqual(poll);
      expect((await post(body)).body).toEqual(made.body);
      const other = { ...body, poll: { ...colours, question: 'Or which?' } };
      expect(await post(other)).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
      expect((await ben.get(`/v1/messages/${made.body.id}`)).body.poll).toEqual(made.body.poll);
      await waitFor('the event', 5000, () => bens.of('message.created').length > 0);
      expect(bens.of('message.created')[0]!.data['poll']).toEqual(made.body.poll);

      const { id } = await ask({ question: 'Umbrella?' });
      expect((await ben.get(room.path)).body.last_message).toMatchObject({
        id,
        type: 'poll',
        text: 'Umbrella?',
      });
      await waitFor('the search', 10_000, async () => {
        const { body: found } = await ben.get(`/v1/search/messages?q=umbrella+green&conversation_id=${room.id}`);
        return found.data[0]?.id === id;
      });
      expect((await post({ text: 'plain' })).body).toMatchObject({ poll: null, own_votes: [] });
    });

    it('takes a poll with the type "poll" and nothing else, whole and within its limits', async () => {
      const wrong: [body: object, field: string][] = [
        [{ type: 'poll', text: 'no poll' }, 'poll'],
        [{ text: 'no type', poll: colours }, 'type'],
        [{ type: 'poll', poll: colours, encrypted: 'AAAA' }, 'encrypted'],
        [{ type: 'poll', poll: null }, 'poll'],
        [{ type: 'poll', poll: [colours] }, 'poll'],
        [polled({ question: '' }), 'poll.question'],
        [polled({ question: '👍'.repeat(301) }), 'poll.question'],
        [polled({ options: options.slice(0, 1) }), 'poll.options'],
        [polled({ options: upTo(11).map((n) => ({ text: `${n}` })) }), 'poll.options'],
        [polled({ options: [...options, { text: 'red' }] }), 'poll.options'],
        [polled({ options: 'red' }), 'poll.options'],
        [polled({ options: [null, ...options] }), 'poll.options.0'],
        [polled({ options: [options] }), 'poll.options'],
        [polled({ options: [...options, { text: 'x'.repeat(101) }] }), 'poll.options.3.text'],
        [polled({ options: [{ text: 'grey', vote_count: 7 }, ...options] }), 'poll.options.0.vote_count'],
        [polled({ voter_count: 7 }), 'poll.voter_count'],
        [polled({ multiple: 'yes' }), 'poll.multiple'],
        [polled({ closes_at: 'soon' }), 'poll.closes_at'],
        [polled({ closes_at: '2020-01-01T00:00:00Z' }), 'poll.closes_at'],
      ];
      for (const [body, field] of wrong) {
        const { status, body: problem } = await post(body);
        expect({ body, status, errors: problem.errors }).toMatchObject({ body, status: 400, errors: [{ field }] });
      }
      const longest = { question: '👍'.repeat(300), options: upTo(10).map((n) => ({ text: `${n % 10}`.repeat(100) })) };
      expect((await post(polled(longest))).status).toBe(201);
    });

    it('is answered again after its time, can be corrected beside the poll, and is not forwarded', async () => {
      const body = { client_message_id: 'brief', type: 'poll', poll: { ...colours, closes_at: inMs(patient(300)) } };
      const { body: made } = await post(body);
      const red = made.poll.options[0].id;
      await waitFor('its end', 5000, async () => (await vote(ben, made.id, red)).body.code === 'poll_closed');
      expect(await post(body)).toMatchObject({ status: 200, body: { id: made.id } });
      expect(await close(anna, made.id)).toMatchObject({ status: 200, body: { poll: { closed_at: null } } });

      const { id, ids } = await ask();
      expect((await vote(ben, id, ids[0])).status).toBe(200);
      const edited = await anna.patch(`/v1/messages/${id}`, { text: 'Please' });
      expect(edited).toMatchObject({ status: 200, body: { text: 'Please', poll: { voter_count: 1 } } });
      expect((await anna.patch(`/v1/messages/${id}`, { text: null })).status).toBe(200);
      for (const edit of [{ poll: colours }, { encrypted: 'AAAA' }]) {
        expect((await anna.patch(`/v1/messages/${id}`, edit)).status).toBe(400);
      }
      const forward = { conversation_id: room.id, client_message_id: 'forwarded' };
      expect(await ben.post(`/v1/messages/${id}/forward`, forward)).toMatchObject({
        status: 409,
        body: { code: 'not_forwardable' },
      });
    });

    it('can be scheduled', async () => {
      const path = `${room.path}/scheduled-messages`;
      const scheduled = { type: 'poll', poll: { ...colours, question: 'Later?' }, send_at: inMs(patient(300)) };
      expect(await anna.post(path, { ...scheduled, poll: undefined })).toMatchObject({
        status: 400,
        body: { code: 'invalid_poll' },
      });
      const { body: row } = await anna.post(path, scheduled);
      expect(row).toMatchObject({ message: { type: 'poll', poll: scheduled.poll } });
      await waitFor('it is sent', 30_000, async () => {
        const { body } = await anna.get(`/v1/scheduled-messages/${row.id}`);
        if (body.state !== 'sent') return false;
        const { body: message } = await ben.get(`/v1/messages/${body.message_id}`);
        expect(message).toMatchObject({ type: 'poll', poll: { question: 'Later?', voter_count: 0 } });
        return true;
      });
    });
  });

  describe('votes', () => {
    it('replace each other, move rev once each, and are one’s own to see', async () => {
      const { id, rev, ids } = await ask({ multiple: true });
      const [red, green, blue] = ids;
      const first = await vote(ben, id, blue, red);
      expect(first).toMatchObject({ status: 200, body: { id, rev: rev + 1, own_votes: [red, blue], edited_at: null } });
      expect(votesOf(first)).toEqual([1, 0, 1, 1]);
      expect(await vote(ben, id, red, blue)).toMatchObject({ status: 200, body: { rev: rev + 1 } });
      expect(votesOf(await vote(carl, id, red))).toEqual([2, 0, 1, 2]);
      const changed = await vote(ben, id, green);
      expect(changed.body).toMatchObject({ rev: rev + 3, own_votes: [green] });
      expect(votesOf(changed)).toEqual([1, 1, 0, 2]);
      const page = await carl.get(`${room.path}/messages?limit=1`);
      expect(page.body.data).toMatchObject([{ id, own_votes: [red] }]);
      expect((await anna.get(`/v1/messages/${id}`)).body.own_votes).toEqual([]);
      const back = await vote(ben, id);
      expect(back.body).toMatchObject({ rev: rev + 4, own_votes: [] });
      expect(votesOf(back)).toEqual([1, 0, 0, 1]);
      expect(await vote(ben, id)).toMatchObject({ status: 200, body: { rev: rev + 4 } });
    });

    it('are for one option where the poll does not say several, and for options of this poll', async () => {
      const { id, ids } = await ask();
      const elsewhere = await ask();
      const refusals: [string[], string][] = [
        [[ids[0], ids[1]], 'single_choice'],
        [[elsewhere.ids[0]], 'unknown_option'],
        [[ids[0], ids[0]], 'validation_failed'],
        [['red'], 'validation_failed'],
        [upTo(11).map((n) => `${n}`.padStart(24, '0')), 'validation_failed'],
      ];
      for (const [option_ids, code] of refusals) {
        expect(await vote(ben, id, ...option_ids)).toMatchObject({
          status: 400,
          body: { code, errors: [{ field: 'option_ids' }] },
        });
      }
      expect((await ben.get(`/v1/messages/${id}`)).body.rev).toBe(0);
      const { body: plain } = await post({ text: 'plain' });
      for (const answer of [
        await vote(ben, plain.id, ids[0]),
        await close(anna, plain.id),
        await ben.get(`/v1/messages/${plain.id}/votes`),
      ]) {
        expect(answer).toMatchObject({ status: 409, body: { code: 'not_a_poll' } });
      }
      for (const answer of [
        await vote(eve, id, ids[0]),
        await close(eve, id),
        await eve.get(`/v1/messages/${id}/votes`),
      ]) {
        expect(answer).toMatchObject({ status: 404, body: { code: 'message_not_found' } });
      }
    });

    it('are listed with who cast them, but not those of an anonymous poll', async () => {
      const { id, ids } = await ask({ multiple: true });
      const [red, green, blue] = ids;
      for (const [who, ...choice] of [
        [anna, red],
        [ben, red, green],
        [carl, green],
      ] as const)
        await vote(who, id, ...choice);
      await vote(anna, id, red, green);
      const { body } = await carl.get(`/v1/messages/${id}/votes?limit=2`);
      expect(body.data).toMatchObject([
        { message_id: id, option_ids: [green], user: { user_external_id: 'carl' }, created_at: expect.any(String) },
        { option_ids: [red, green], user: { user_external_id: 'ben' } },
      ]);
      const rest = await carl.get(`/v1/messages/${id}/votes?limit=2&cursor=${body.page.next_cursor}`);
      expect(rest.body).toMatchObject({ data: [{ user: { user_external_id: 'anna' } }], page: { has_more: false } });
      const votersOf = async (option: string) =>
        (await carl.get(`/v1/messages/${id}/votes?direction=forward&option_id=${option}`)).body.data.map(
          ({ user }: { user: { user_external_id: string } }) => user.user_external_id,
        );
      expect([await votersOf(red), await votersOf(green), await votersOf(blue)]).toEqual([
        ['anna', 'ben'],
        ['anna', 'ben', 'carl'],
        [],
      ]);
      expect(await carl.get(`/v1/messages/${id}/votes?option_id=${id}`)).toMatchObject({
        status: 400,
        body: { code: 'unknown_option' },
      });
      const secret = await ask({ anonymous: true });
      expect((await vote(ben, secret.id, secret.ids[0])).body.own_votes).toEqual([secret.ids[0]]);
      for (const caller of [anna, ben]) {
        const refused = await caller.get(`/v1/messages/${secret.id}/votes`);
        expect(refused).toMatchObject({ status: 403, body: { code: 'anonymous_poll' } });
      }
    });

    it('are told to all without whose they are, to the voter’s devices with it; and by sync', async () => {
      const { id, seq, rev, ids } = await ask({ anonymous: true });
      const [annas, bens, other] = [
        await tenant.socket('anna', 0),
        await tenant.socket('ben', 1),
        await tenant.socket('ben', 0),
      ];
      const acknowledged = await bens.send('poll.vote', { message_id: id, option_ids: [ids[0]] });
      expect(acknowledged).toMatchObject({ ok: true, data: { id, own_votes: [ids[0]] } });
      expect(await bens.send('poll.vote', { message_id: id, option_ids: [id] })).toMatchObject({
        ok: false,
        error: { status: 400, code: 'unknown_option' },
      });
      await bens.send('poll.vote', { message_id: id, option_ids: [] });
      await bens.send('poll.vote', { message_id: id, option_ids: [ids[2]] });
      await close(anna, id);
      const own = [
        { message_id: id, rev: rev + 1, option_ids: [ids[0]] },
        { message_id: id, rev: rev + 2, option_ids: [] },
        { message_id: id, rev: rev + 3, option_ids: [ids[2]] },
      ];
      await waitFor('own news', 5000, () => [bens, other].every((client) => client.of('poll.voted').length === 3));
      for (const client of [bens, other]) expect(client.of('poll.voted').map(({ data }) => data)).toEqual(own);
      for (const client of [annas, bens]) {
        await waitFor('the end', 5000, () => client.events.some((event) => event.rev === rev + 4));
        const told = client.events.filter((event) => (event?.rev ?? 0) > rev);
        expect(told.map((event) => [event.type, event.rev, ...votesOf({ body: event.data as never })])).toEqual([
          ['message.updated', rev + 1, 1, 0, 0, 1],
          ['message.updated', rev + 2, 0, 0, 0, 0],
          ['message.updated', rev + 3, 0, 0, 1, 1],
          ['message.updated', rev + 4, 0, 0, 1, 1],
        ]);
        expect(JSON.stringify(told)).not.toMatch(/own_votes|ben/);
      }
      expect(annas.of('poll.voted')).toEqual([]);
      const known = { conversations: { [room.id]: { seq, rev } } };
      const mine = (await ben.post('/v1/sync', known)).body.conversations[room.id];
      expect(mine).toMatchObject({ rev: rev + 4, messages: [{ id, own_votes: [ids[2]] }] });
      expect((await annas.send('sync', known)).data.conversations[room.id].messages).toMatchObject([
        { id, own_votes: [] },
      ]);
    });

    it('of fifty users at once on two processes are all counted, each with its rev', async () => {
      const names = upTo(50).map((n) => `voter-${n}`);
      await tenant.users(...names);
      const { id, rev, ids } = await ask({ multiple: true }, await tenant.room('anna', names, { type: 'channel' }));
      const voteAt = (name: string, n: number, option_ids: string[]) =>
        tenant.acting(name, n % 2).put(`/v1/messages/${id}/votes`, { option_ids });
      const answers = await Promise.all(
        names.flatMap((name, n) => [voteAt(name, n, [ids[n % 2]!]), voteAt(name, n + 1, [ids[n % 2]!])]),
      );
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      const counted = await anna.get(`/v1/messages/${id}`);
      expect(counted.body.rev).toBe(rev + 50);
      expect(votesOf(counted)).toEqual([25, 25, 0, 50]);

      // Each at once for two things, of which one is the last; a third takes theirs back.
      await Promise.all(
        names.flatMap((name, n) => [
          voteAt(name, n, n % 3 === 0 ? [] : [ids[2], ids[0]]),
          voteAt(name, n + 1, n % 3 === 0 ? [] : [ids[1]]),
        ]),
      );
      const rows = (await anna.get(`/v1/messages/${id}/votes?limit=100`)).body.data as { option_ids: string[] }[];
      const forOption = ids.map((option) => rows.filter(({ option_ids }) => option_ids.includes(option)).length);
      expect(votesOf(await anna.get(`/v1/messages/${id}`))).toEqual([...forOption, rows.length]);
      expect(rows).toHaveLength(33);
    });
  });

  describe('the end', () => {
    it('is told by who asked, or by who moderates, once and for good', async () => {
      const { id, rev, ids } = await ask({}, room, 'ben');
      await vote(carl, id, ids[1]);
      expect(await close(carl, id)).toMatchObject({ status: 403, body: { code: 'not_your_message' } });
      const closed = await close(ben, id);
      expect(closed).toMatchObject({ status: 200, body: { rev: rev + 2, poll: { closed_at: expect.any(String) } } });
      expect((await close(anna, id)).body.poll).toEqual(closed.body.poll);
      for (const option_ids of [[ids[0]], [ids[1]], []]) {
        expect(await vote(carl, id, ...option_ids)).toMatchObject({ status: 409, body: { code: 'poll_closed' } });
      }
      const another = await ask({}, room, 'ben');
      expect(await close(anna, another.id)).toMatchObject({ status: 200, body: { poll: { voter_count: 0 } } });
      const between = await ask({}, await tenant.room('anna', ['ben'], { type: 'direct' }));
      expect(await close(ben, between.id)).toMatchObject({ status: 403 });
    });

    it('by deletion leaves neither poll nor votes', async () => {
      const { id, ids } = await ask();
      await vote(ben, id, ids[0]);
      expect((await anna.delete(`/v1/messages/${id}`)).body).toMatchObject({ type: 'poll', poll: null, own_votes: [] });
      for (const answer of [
        await vote(ben, id, ids[0]),
        await close(anna, id),
        await ben.get(`/v1/messages/${id}/votes`),
      ]) {
        expect(answer).toMatchObject({ status: 409, body: { code: 'message_deleted' } });
      }
      expect((await ben.get(`/v1/messages/${id}`)).body).toMatchObject({ poll: null, own_votes: [] });
    });

    it('of writing to somebody is the end of voting with them, but not of taking it back', async () => {
      const kim = tenant.acting('kim');
      const { id, ids } = await ask({}, await tenant.room('kim', ['anna'], { type: 'direct' }));
      await vote(kim, id, ids[0]);
      await anna.put('/v1/users/me/relationships/kim', { type: 'block' });
      await waitFor('the block holds', 6000, async () => (await vote(kim, id, ids[1])).body.code === 'blocked');
      expect(await vote(kim, id)).toMatchObject({ status: 200, body: { poll: { voter_count: 0 } } });
    });
  });
});
