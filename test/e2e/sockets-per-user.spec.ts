import { sharedSystem, TIERS, waitFor } from '#caas/testing';

const system = sharedSystem();
const REFUSED = { data: { status: 429, code: 'too_many_connections' } };

describe.each(TIERS)('The sockets of one user on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');

  it('are bounded over all processes: the next is refused, the older ones and other users stay', async () => {
    await tenant.server().patch('/v1/settings', { limits: { user_sockets: 3 } });
    const mine = [await tenant.socket('anna', 0), await tenant.socket('anna', 0), await tenant.socket('anna', 1)];
    for (const process of [0, 1, 0]) await expect(tenant.socket('anna', process)).rejects.toMatchObject(REFUSED);
    await Promise.all([tenant.socket('ben', 0), tenant.socket('ben', 1)]);
    expect(mine.map(({ disconnectedBecause }) => disconnectedBecause)).toEqual([null, null, null]);

    mine[2]!.socket.disconnect();
    const next = await waitFor('there is a place again', 5_000, () => tenant.socket('anna', 0).catch(() => null));
    await expect(tenant.socket('anna', 1)).rejects.toMatchObject(REFUSED);
    next.socket.disconnect();
  });

  it('are twenty unless the tenant says otherwise', async () => {
    const { body } = await tenant.server().get('/v1/settings/schema');
    expect(body.limits.user_sockets).toMatchObject({ default: 20, minimum: 1, maximum: 1_000 });
  });
});
