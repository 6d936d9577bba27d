import { sharedSystem, TIERS, type Room } from '#caas/testing';

const system = sharedSystem();
const COUNT = 9;

describe.each(TIERS)('The inbox on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'cara');
  const ben = tenant.as('ben');
  let rooms: Room[];
  beforeEach(async () => {
    rooms = [];
    for (let n = 0; n < COUNT; n += 1) rooms.push(await tenant.room('anna', ['ben', 'cara'], { name: `room ${n}` }));
    rooms.reverse();
  });
  afterEach(async () => {
    for (const { path } of rooms) await tenant.server().delete(path);
  });

  const page = async (cursor: string | null) => {
    const query = cursor === null ? '' : `&cursor=${cursor}`;
    const { status, body } = await ben.get(`/v1/conversations?limit=3${query}`);
    expect(status).toBe(200);
    return {
      ids: body.data.map(({ id }: { id: string }) => id) as string[],
      next: body.page.next_cursor as string | null,
    };
  };
  const rest = async (cursor: string | null) => {
    const ids: string[] = [];
    for (let next = cursor; next !== null;) {
      const some = await page(next);
      ids.push(...some.ids);
      next = some.next;
    }
    return ids;
  };
  const idsOf = (some: Room[]) => some.map(({ id }) => id);

  it('goes on from its place when what stood there has moved, was left, or has ended', async () => {
    for (const happens of [
      async ({ id, path }: Room) => void (await tenant.send('anna', { id, path })),
      async ({ path }: Room) => void (await ben.delete(`${path}/members/me`)),
      async ({ path }: Room) => void (await tenant.server().delete(path)),
    ]) {
      const before = await rest((await page(null)).next);
      const first = await page(null);
      await happens(rooms.find(({ id }) => id === first.ids.at(-1))!);
      expect(await rest(first.next)).toEqual(before);
    }
  });

  it('shows each conversation once while others become newer', async () => {
    const first = await page(null);
    expect(first.ids).toEqual(idsOf(rooms.slice(0, 3)));
    await tenant.send('anna', rooms[8]!);
    expect(await rest(first.next)).toEqual(idsOf(rooms.slice(3, 8)));
  });

  it.each(['x', '65a1b2c3d4e5f60718293a4b', 'bHJk.', ''])(
    'takes no cursor that no page handed out: %j',
    async (cursor) => {
      expect(await ben.get(`/v1/conversations?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { code: 'invalid_cursor' },
      });
    },
  );
});
