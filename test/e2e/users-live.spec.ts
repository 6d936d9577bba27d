import { io, type Socket } from 'socket.io-client';
import { waitFor } from '../../tools/stack';
import { TestSystem, type TestTenant } from '../support/test-system';

const system = new TestSystem();
beforeAll(() => system.start());
afterAll(() => system.stop());

interface Envelope {
  type: string;
  data: Record<string, unknown>;
}

/** A user's socket at one process, with all it was told. */
class Listener {
  readonly heard: Envelope[] = [];
  private constructor(readonly socket: Socket) {
    socket.onAny((_name: string, envelope: Envelope) => this.heard.push(envelope));
  }

  static async connect(token: string, process: number): Promise<Listener> {
    const socket = io(system.urls[process]!, {
      path: '/realtime',
      auth: { token },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    const listener = new Listener(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('ready', () => resolve());
      socket.once('connect_error', reject);
    });
    return listener;
  }

  async hears(type: string): Promise<Envelope> {
    return waitFor(type, 5_000, () => this.heard.find((envelope) => envelope?.type === type));
  }
}

describe.each(['free', 'pro', 'enterprise'] as const)('Users on sockets on the tier %s', (tier) => {
  let tenant: TestTenant;
  const open: Listener[] = [];
  const connect = async (token: string, process: number) => {
    const listener = await Listener.connect(token, process);
    open.push(listener);
    return listener;
  };
  beforeAll(async () => {
    tenant = await system.tenant(tier);
    for (const id of ['anna', 'ben', 'cleo', 'dora']) await tenant.server().put(`/v1/users/${id}`, {});
  });
  afterAll(() => open.forEach(({ socket }) => socket.disconnect()));

  it('tells a user on every process that their profile changed, and nobody else', async () => {
    const [first, second] = [
      await connect(await tenant.token('anna'), 0),
      await connect(await tenant.token('anna'), 1),
    ];
    const stranger = await connect(await tenant.token('ben'), 0);
    await tenant.server().patch('/v1/users/anna', { display_name: 'Anna Ω' });
    for (const listener of [first, second]) {
      const { data } = await listener.hears('user.updated');
      expect(data).toMatchObject({ external_id: 'anna', display_name: 'Anna Ω' });
    }
    await tenant.server().patch('/v1/users/ben', { display_name: 'Ben' });
    await stranger.hears('user.updated');
    expect(stranger.heard.map(({ data }) => data?.external_id).filter(Boolean)).toEqual(['ben']);
  });

  it('closes the sockets of a revoked session on another process, and leaves the user’s others open', async () => {
    const { body } = await tenant.server().post('/v1/users/cleo/tokens');
    const doomed = await connect(body.token, 1);
    const other = await connect(await tenant.token('cleo'), 1);
    expect((await tenant.acting('cleo', 0).delete(`/v1/users/me/sessions/${body.session_id}`)).status).toBe(204);
    await waitFor('the socket closes', 5_000, () => doomed.socket.disconnected);
    expect(other.socket.connected).toBe(true);
  });

  it('says why before it closes the socket of a revoked session', async () => {
    const { body } = await tenant.server().post('/v1/users/cleo/tokens');
    const doomed = await connect(body.token, 0);
    await tenant.acting('cleo', 1).delete(`/v1/users/me/sessions/${body.session_id}`);
    await waitFor('the socket closes', 5_000, () => doomed.socket.disconnected);
    expect(doomed.heard.map(({ type }) => type)).toContain('session.revoked');
  });

  it.each([
    ['deactivated', (in_: TestTenant) => in_.server().patch('/v1/users/dora', { status: 'deactivated' })],
    ['deleted', (in_: TestTenant) => in_.server().delete('/v1/users/dora')],
  ])('closes every socket of a user who is %s, and lets none in', async (_what, act) => {
    await tenant.server().put('/v1/users/dora', { status: 'active' });
    const token = await tenant.token('dora', { session: false });
    const listener = await connect(token, 1);
    await act(tenant);
    await waitFor('the socket closes', 5_000, () => listener.socket.disconnected);
    await expect(connect(token, 1)).rejects.toMatchObject({
      data: { code: expect.stringMatching(/^user_(deactivated|deleted)$/) },
    });
  });
});
