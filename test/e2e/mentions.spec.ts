import { TestSystem } from '../support/test-system';

const system = new TestSystem();
beforeAll(() => system.start());
afterAll(() => system.stop());

describe.each(['free', 'pro', 'enterprise'] as const)('Mentions on the tier %s', (tier) => {
  it('are listed for whom they name, newest first and paged, and nobody else', async () => {
    const tenant = await system.tenant(tier);
    const [anna, ben, eve] = [await tenant.user('anna'), await tenant.user('ben'), await tenant.user('eve')];
    const { body: group } = await anna.post('/v1/conversations', { type: 'group', member_ids: ['ben', 'eve'] });
    const ids: string[] = [];
    for (const n of [1, 2, 3, 4]) {
      const mentions = n === 4 ? ['eve'] : ['ben'];
      const sent = { client_message_id: `m${n}`, text: `hello ${n}`, mentions };
      ids.push((await anna.post(`/v1/conversations/${group.id}/messages`, sent)).body.id);
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
});
