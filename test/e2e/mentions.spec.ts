import { sharedSystem, TIERS, waitFor, type Caller, type Room } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Mentions on the tier %s', (tier) => {
  it('are listed for whom they name, newest first and paged, and nobody else', async () => {
    const tenant = await system.tenant(tier);
    const [anna, ben, eve] = [await tenant.user('anna'), await tenant.user('ben'), await tenant.user('eve')];
    const group = await tenant.room('anna', ['ben', 'eve']);
    const ids: string[] = [];
    for (const mentioned of ['ben', 'ben', 'ben', 'eve']) {
      ids.push((await tenant.message('anna', group, { mentions: [mentioned] })).id);
    }
    const { body: first } = await ben.get('/v1/mentions?limit=2');
    expect(first).toMatchObject({
      data: [{ id: ids[2], own_reactions: [] }, { id: ids[1] }],
      page: { has_more: true },
    });
    const { body: rest } = await ben.get(`/v1/mentions?limit=2&cursor=${first.page.next_cursor}`);
    expect(rest).toMatchObject({ data: [{ id: ids[0] }], page: { has_more: false } });
    await anna.delete(`/v1/messages/${ids[2]}`);
    expect((await ben.get('/v1/mentions')).body.data).toMatchObject([{ id: ids[1] }, { id: ids[0] }]);
    expect((await eve.get('/v1/mentions')).body.data).toMatchObject([{ id: ids[3] }]);
    expect((await anna.get('/v1/mentions')).body.data).toEqual([]);
    expect(await ben.get('/v1/mentions?limit=0')).toMatchObject({ status: 400 });
  });

  describe('that are not read', () => {
    async function people() {
      const tenant = await system.tenant(tier);
      const [anna, ben] = [await tenant.user('anna'), await tenant.user('ben')];
      const mention = (room: Room, fields: object = {}): Promise<{ id: string }> =>
        tenant.message('anna', room, { mentions: ['ben'], ...fields });
      return { tenant, anna, ben, mention };
    }
    const counted = async (caller: Caller, path: string) =>
      (await caller.get(path)).body as { unread_count: number; unread_mentions: number };
    const inboxOf = async (caller: Caller) => {
      const { body } = await caller.get('/v1/conversations');
      const rows = body.data as { id: string; unread_mentions: number }[];
      return Object.fromEntries(rows.map(({ id, unread_mentions }) => [id, unread_mentions]));
    };

    it('are counted for whom they name, until they are read, deleted or edited away', async () => {
      const { tenant, anna, ben, mention } = await people();
      const room = await tenant.room('anna', ['ben']);
      const { id, path } = room;
      const live = await tenant.socket('ben', 1);
      const first = await mention(room);
      await mention(room, { mentions: [] });
      await mention(room, { mentions: ['anna'] });
      await mention(room, { thread_root_id: first.id });
      const fifth = await mention(room);
      const last = await mention(room, { mentions: [] });
      expect(await counted(ben, path)).toMatchObject({ unread_count: 6, unread_mentions: 3 });
      // Who writes has read.
      expect(await counted(anna, path)).toMatchObject({ unread_count: 0, unread_mentions: 0 });
      const preferred = await ben.patch(`${path}/preferences`, { pinned: true });
      expect(preferred.body).toMatchObject({ unread_mentions: 3 });
      const { body: known } = await ben.post('/v1/sync', { conversations: { [id]: { seq: 0, rev: 0 } } });
      expect(known.conversations[id].conversation).toMatchObject({ unread_count: 6, unread_mentions: 3 });
      const { body: joined } = await ben.post('/v1/sync', { conversations: {} });
      expect(joined.joined).toMatchObject([{ id, unread_mentions: 3 }]);

      expect((await anna.delete(`/v1/messages/${fifth.id}`)).status).toBe(200);
      expect(await counted(ben, path)).toMatchObject({ unread_count: 6, unread_mentions: 2 });
      expect((await anna.patch(`/v1/messages/${last.id}`, { mentions: ['ben'] })).status).toBe(200);
      expect(await inboxOf(ben)).toEqual({ [id]: 3 });
      expect((await ben.put(`${path}/read`, { seq: 4 })).status).toBe(200);
      expect(await counted(ben, path)).toMatchObject({ unread_count: 2, unread_mentions: 1 });
      expect((await ben.put(`${path}/read`, { seq: 6 })).status).toBe(200);
      expect(await inboxOf(ben)).toEqual({ [id]: 0 });
      // Nobody else is to be told what somebody has not read.
      expect((await anna.patch(path, { name: 'New' })).body).toMatchObject({ unread_mentions: 0 });
      await waitFor('the name', 10_000, () => live.of('conversation.updated').length > 1);
      expect(JSON.stringify(live.events)).not.toContain('unread_mentions');
    });

    it('are not counted where they are hidden from who came later, nor where one is not any more', async () => {
      const { tenant, anna, ben, mention } = await people();
      const room = await tenant.room('anna', [], { history: 'joined' });
      const { id, path } = room;
      await mention(room, { mentions: [] });
      await anna.post(`${path}/members`, { member_ids: ['ben'] });
      await mention(room);
      expect(await inboxOf(ben)).toEqual({ [id]: 1 });
      await anna.delete(`${path}/members/ben`);
      expect(await inboxOf(ben)).toEqual({});
      await anna.post(`${path}/members`, { member_ids: ['ben'] });
      expect(await inboxOf(ben)).toEqual({ [id]: 0 });
    });

    it('are counted up to a hundred, and those of a conversation with more hide no others', async () => {
      const { tenant, ben, mention } = await people();
      const open = () => tenant.room('anna', ['ben']);
      const [full, quiet, silent] = [await open(), await open(), await open()];
      await mention(quiet);
      await mention(silent, { mentions: [] });
      for (let sent = 0; sent < 301; sent += 43) {
        await Promise.all(Array.from({ length: 43 }, () => mention(full)));
      }
      expect(await inboxOf(ben)).toEqual({ [full.id]: 100, [quiet.id]: 1, [silent.id]: 0 });
      expect(await counted(ben, full.path)).toMatchObject({ unread_count: 301, unread_mentions: 100 });
    });
  });
});
