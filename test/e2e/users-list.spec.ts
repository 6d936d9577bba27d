import { TIERS, sharedSystem } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('The list of users on the tier %s', (tier) => {
  const listing = system.session(tier);
  const ids = Array.from({ length: 7 }, (_, n) => `u${n}`);
  beforeAll(async () => {
    for (const id of ids) await listing.server().put(`/v1/users/${id}`, { display_name: `Name ${id}` });
    await listing.server().put('/v1/users/u6', { display_name: 'ＺＯË', status: 'deactivated' });
  });

  it.each([
    ['backward', true],
    ['forward', false],
  ])('pages %s without a gap or a repeat', async (direction, newestFirst) => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/users?limit=3&direction=${direction}${cursor ? `&cursor=${cursor}` : ''}`;
      const { body } = await listing.server().get(path);
      expect(body.page).toMatchObject({ limit: 3, direction, has_more: body.page.next_cursor !== null });
      seen.push(...(body.data as { external_id: string }[]).map(({ external_id }) => external_id));
      cursor = body.page.next_cursor;
    } while (cursor);
    expect(seen).toEqual(newestFirst ? ids.toReversed() : ids);
  });

  it.each([
    ['status=deactivated', ['u6']],
    ['external_ids=u1,u3,nobody', ['u3', 'u1']],
    ['name=name%20U2', ['u2']],
    ['name=zo', ['u6']],
    ['name=.*', []],
    ['name=Name&status=active&external_ids=u0,u6', ['u0']],
  ])('selects by %s', async (query, expected) => {
    const { body } = await listing.server().get(`/v1/users?${query}`);
    expect(body.data.map(({ external_id }: { external_id: string }) => external_id)).toEqual(expected);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'cursor=x',
    'direction=up',
    'status=deleted',
    'external_ids=',
    'name=',
    'status[$ne]=active',
    'sort=display_name',
    'status=active&status=active',
  ])('refuses ?%s', async (query) => {
    expect((await listing.server().get(`/v1/users?${query}`)).status).toBe(400);
  });

  it('holds no user of another tenant', async () => {
    const other = await system.tenant(tier);
    expect((await other.server().get('/v1/users?external_ids=u0,u1')).body.data).toEqual([]);
    expect((await other.server().get('/v1/users/u0')).status).toBe(404);
  });
});
