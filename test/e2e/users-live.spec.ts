import { TIERS, sharedSystem, waitFor, type LiveClient, type TenantSession } from '#caas/testing';

const system = sharedSystem();

const hears = (client: LiveClient, type: string) => waitFor(type, 5_000, () => client.of(type)[0]);

describe.each(TIERS)('Users on sockets on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'cleo', 'dora');

  it('tells a user on every process that their profile changed, and nobody else', async () => {
    const [first, second] = [await tenant.socket('anna', 0), await tenant.socket('anna', 1)];
    const stranger = await tenant.socket('ben', 0);
    await tenant.server().patch('/v1/users/anna', { display_name: 'Anna Ω' });
    for (const client of [first, second]) {
      const { data } = await hears(client, 'user.updated');
      expect(data).toMatchObject({ external_id: 'anna', display_name: 'Anna Ω' });
    }
    await tenant.server().patch('/v1/users/ben', { display_name: 'Ben' });
    await hears(stranger, 'user.updated');
    expect(stranger.events.map(({ data }) => data?.external_id).filter(Boolean)).toEqual(['ben']);
  });

  it('closes the sockets of a revoked session on another process, and leaves the user’s others open', async () => {
    const { body } = await tenant.server().post('/v1/users/cleo/tokens');
    const doomed = await tenant.connect(body.token, 1);
    const other = await tenant.socket('cleo', 1);
    expect((await tenant.acting('cleo', 0).delete(`/v1/users/me/sessions/${body.session_id}`)).status).toBe(204);
    await waitFor('the socket closes', 5_000, () => doomed.socket.disconnected);
    expect(other.socket.connected).toBe(true);
  });

  it('says why before it closes the socket of a revoked session', async () => {
    const { body } = await tenant.server().post('/v1/users/cleo/tokens');
    const doomed = await tenant.connect(body.token, 0);
    await tenant.acting('cleo', 1).delete(`/v1/users/me/sessions/${body.session_id}`);
    await waitFor('the socket closes', 5_000, () => doomed.socket.disconnected);
    expect(doomed.events.map(({ type }) => type)).toContain('session.revoked');
  });

  it.each([
    ['deactivated', (in_: TenantSession) => in_.server().patch('/v1/users/dora', { status: 'deactivated' })],
    ['deleted', (in_: TenantSession) => in_.server().delete('/v1/users/dora')],
  ])('closes every socket of a user who is %s, and lets none in', async (_what, act) => {
    await tenant.server().put('/v1/users/dora', { status: 'active' });
    const token = await tenant.token('dora', { session: false });
    // A process that did not answer the change itself hears of it a moment later.
    const client = await waitFor('dora is let in again', 5_000, () => tenant.connect(token, 1).catch(() => undefined));
    await act(tenant);
    await waitFor('the socket closes', 5_000, () => client.socket.disconnected);
    await expect(tenant.connect(token, 1)).rejects.toMatchObject({
      data: { code: expect.stringMatching(/^user_(deactivated|deleted)$/) },
    });
  });
});
