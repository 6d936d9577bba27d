import { sharedSystem, TIERS, waitFor, type Caller, type Position } from '#caas/testing';

const system = sharedSystem();

const FOUND_WITHIN_MS = 15_000;

/** Carl was in, saw and wrote, was out, and is in again: what was there before is not his to see any more, by any way. */
describe.each(TIERS)('A history that begins with joining, on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl');
  const [anna, ben, carl] = [tenant.as('anna'), tenant.as('ben'), tenant.as('carl')];
  let id: string;
  let path: string;
  /** What Carl's client remembers. */
  let known: Position;
  /** Seq 1 to 3, with a thread of Carl's, mentioning him and pinned; then what came after: 4 and 5, of which the last is pinned. */
  const before = { root: '', reply: '', mention: '' };
  const after = { reply: '', mention: '' };

  const idsOf = async (caller: Caller, query: string) =>
    ((await caller.get(query)).body.data as { id: string }[]).map((row) => row.id);

  beforeAll(async () => {
    const room = await tenant.room('anna', ['ben', 'carl'], { history: 'joined' });
    ({ id, path } = room);
    const send = async (who: string, fields: object = {}) =>
      (await tenant.message(who, room, { text: 'the password is swordfish', ...fields })).id as string;
    before.root = await send('anna');
    before.reply = await send('carl', { thread_root_id: before.root });
    before.mention = await send('anna', { mentions: ['carl'] });
    for (const message of [before.root, before.reply]) await anna.put(`/v1/messages/${message}/pin`);
    const { last_seq: seq, rev } = (await carl.get(path)).body;
    known = { seq, rev };
    expect((await anna.delete(`${path}/members/carl`)).status).toBe(204);
    expect((await anna.post(`${path}/members`, { member_ids: ['carl'] })).status).toBe(201);
    after.reply = await send('ben', { thread_root_id: before.root });
    after.mention = await send('anna', { mentions: ['carl'] });
    await anna.put(`/v1/messages/${after.mention}/pin`);
  });

  it('is hidden from search', async () => {
    const q = '/v1/search/messages?q=swordfish';
    await waitFor('all is found', FOUND_WITHIN_MS, async () => (await idsOf(ben, q)).length === 5);
    for (const query of [q, `${q}&conversation_id=${id}`, `${q}&direction=forward`]) {
      expect((await idsOf(carl, query)).sort()).toEqual([after.reply, after.mention].sort());
    }
  });

  it('is hidden from the mentions, and not counted among the unread', async () => {
    expect(await idsOf(carl, '/v1/mentions')).toEqual([after.mention]);
    expect((await carl.get(path)).body).toMatchObject({ unread_count: 2, unread_mentions: 1 });
  });

  it('is hidden from threads: those that began before are not there, and what is said in them now is', async () => {
    expect(await idsOf(ben, `${path}/messages?thread_root_id=${before.root}`)).toEqual([after.reply, before.reply]);
    const code = 'message_not_found';
    for (const root of [before.root, before.reply]) {
      const page = await carl.get(`${path}/messages?thread_root_id=${root}`);
      expect(page).toMatchObject({ status: 404, body: { code } });
    }
    expect((await carl.get(`/v1/messages/${after.reply}`)).status).toBe(200);
    const message = { client_message_id: 'late', text: 'late' };
    const late = await carl.post(`${path}/messages`, { ...message, thread_root_id: before.root });
    expect(late).toMatchObject({ status: 400, body: { code: 'unknown_thread_root' } });
    const answer = await carl.post(`${path}/messages`, { ...message, reply_to_id: before.mention });
    expect(answer).toMatchObject({ status: 400, body: { code: 'unknown_reply' } });
  });

  it('is hidden by id, also what one wrote oneself', async () => {
    for (const message of Object.values(before)) {
      const own = `/v1/messages/${message}`;
      for (const answer of [
        await carl.get(own),
        await carl.get(`${own}/history`),
        await carl.get(`${own}/reactions`),
        await carl.put(`${own}/reactions/👍`),
        await carl.patch(own, { text: 'changed' }),
        await carl.delete(own),
        await carl.put(`${own}/pin`),
        await carl.delete(`${own}/pin`),
        await carl.post(`${own}/forward`, { conversation_id: id, client_message_id: `f-${message}` }),
      ]) {
        expect(answer).toMatchObject({ status: 404, body: { code: 'message_not_found' } });
      }
    }
    expect((await ben.get(`/v1/messages/${before.reply}`)).body).toMatchObject({ text: 'the password is swordfish' });
  });

  it('is hidden from pages, wherever they begin', async () => {
    const seen = [after.reply, after.mention];
    for (const query of [
      'around_seq=1',
      'around_seq=3',
      'around_seq=4',
      'after_seq=0',
      'direction=forward',
      'limit=50',
    ]) {
      expect({ query, ids: (await idsOf(carl, `${path}/messages?${query}`)).sort() }).toEqual({
        query,
        ids: [...seen].sort(),
      });
    }
    expect(await idsOf(carl, `${path}/messages?before_seq=4`)).toEqual([]);
    expect(await idsOf(carl, `${path}/messages?around_seq=4&limit=1`)).toEqual([after.reply]);
    // The id of a hidden message leads nowhere behind it.
    const { status, body } = await carl.get(`${path}/messages?cursor=${before.mention}`);
    expect(status === 200 ? body.data : []).toEqual([]);
    expect((await carl.get(`${path}/messages?cursor=${after.reply}`)).body).toMatchObject({
      data: [],
      page: { has_more: false },
    });
  });

  it('is hidden from what is pinned', async () => {
    expect((await idsOf(ben, `${path}/messages?pinned=true`)).sort()).toEqual(
      [before.root, before.reply, after.mention].sort(),
    );
    expect(await idsOf(carl, `${path}/messages?pinned=true`)).toEqual([after.mention]);
  });

  it('has a client begin anew that remembers what is hidden now', async () => {
    const answered = async ({ seq, rev }: Position, who = carl) =>
      (await who.post('/v1/sync', { conversations: { [id]: { seq, rev } } })).body.conversations[id];
    // A client that knows messages alone remembers something as well.
    for (const each of [known, { ...known, rev: 0 }]) {
      expect(await answered(each)).toMatchObject({ resync_required: true });
    }
    const anew = await answered({ seq: 0, rev: 0 });
    expect(anew).toMatchObject({ resync_required: false, has_more: false });
    expect(anew.messages.map((message: { id: string }) => message.id)).toEqual([after.reply, after.mention]);
    expect(await answered(anew)).toMatchObject({ resync_required: false, messages: [] });
    // Ben never was out.
    expect((await answered(known, ben)).resync_required).toBe(false);
  });
});
