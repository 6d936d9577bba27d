import { Redis } from 'ioredis';
import { io, type Socket } from 'socket.io-client';
import { LiveClient, sharedSystem, waitFor, type Room } from '#caas/testing';

const system = sharedSystem();
let redis: Redis;
beforeAll(() => {
  redis = new Redis(process.env.REDIS_URL!);
});
afterAll(() => redis.disconnect());

/** What socket.io hands to a client at its first connection, by which it could come back to its old session. */
const pidOf = ({ socket }: LiveClient) => (socket as unknown as { _pid: string })._pid;

/** The connection breaks, and the server has put the session aside for who knows its secret. */
async function breakOff(client: LiveClient): Promise<void> {
  client.socket.io.engine.close();
  await waitFor('the session is kept', 5_000, async () => (await redis.exists(`sio:session:${pidOf(client)}`)) === 1);
}

/** Comes back as the protocol allows it. Our events carry no offset in the stream, so here is one of another namespace's. */
async function resume(process: number, token: string, pid: string): Promise<LiveClient> {
  const offset = await redis.xadd('caas:socket.io', '*', 'nsp', '/elsewhere', 'uid', 'test', 'type', '1');
  const socket: Socket = io(system.urls[process]!, {
    path: '/realtime',
    transports: ['websocket'],
    auth: { token, pid, offset },
    reconnection: false,
    forceNew: true,
  });
  const client = new LiveClient(socket);
  try {
    await client.ready;
  } catch (error) {
    socket.disconnect();
    throw error;
  }
  return client;
}

describe('Coming back to a session', () => {
  const tenant = system.session('pro', 'anna', 'ben', 'mallory');
  let room: Room;
  beforeAll(async () => {
    room = await tenant.room('anna', ['ben'], { type: 'direct' });
  });

  const say = (text: string) => tenant.message('anna', room, { text });

  it('is possible, and gives the rooms that the user may be in now, each event once', async () => {
    const before = await tenant.socket('ben', 0);
    const id = before.socket.id;
    await breakOff(before);
    const after = await resume(1, await tenant.token('ben'), pidOf(before));
    expect(after.socket.id).toBe(id);
    await say('for ben');
    await waitFor('it arrives', 5_000, () => after.of('message.created').length > 0);
    await say('for ben again');
    await waitFor('it arrives', 5_000, () => after.of('message.created').length > 1);
    expect(after.of('message.created').map(({ data }) => data.text)).toEqual(['for ben', 'for ben again']);
    after.socket.disconnect();
  });

  it.each([0, 1])('gives nothing of the rooms of another user’s session, at process %i', async (process) => {
    const ben = await tenant.socket('ben', 0);
    await breakOff(ben);
    const mallory = await resume(process, await tenant.token('mallory'), pidOf(ben));
    const honest = await tenant.socket('ben', process);
    const text = `not for mallory ${process}`;
    await say(text);
    await waitFor('ben hears it', 5_000, () => honest.of('message.created').length > 0);
    await tenant.server().patch('/v1/users/mallory', { display_name: `Mallory ${process}` });
    await waitFor('mallory hears the sentinel', 5_000, () => mallory.of('user.updated').length > 0);
    await tenant.server().patch('/v1/users/ben', { display_name: `Ben ${process}` });
    await waitFor('ben hears the sentinel', 5_000, () => honest.of('user.updated').length > 0);
    expect(mallory.of('message.created')).toEqual([]);
    expect(mallory.of('user.updated')).toHaveLength(1);
    for (const { socket } of [mallory, honest]) socket.disconnect();
  });

  it('gives nothing to a user of another tenant', async () => {
    const other = await system.tenant('free');
    await other.users('ben');
    const ben = await tenant.socket('ben', 0);
    await breakOff(ben);
    const attacker = await resume(0, await other.token('ben'), pidOf(ben));
    await say('not for another tenant');
    await other.server().patch('/v1/users/ben', { display_name: 'sentinel' });
    await waitFor('the sentinel arrives', 5_000, () => attacker.of('user.updated').length > 0);
    expect(attacker.of('message.created')).toEqual([]);
    attacker.socket.disconnect();
  });

  it.each([
    [
      'whose session was revoked',
      'session_revoked',
      (session: string) => tenant.acting('cleo').delete(`/v1/users/me/sessions/${session}`),
    ],
    [
      'who was deactivated',
      'user_deactivated',
      () => tenant.server().patch('/v1/users/cleo', { status: 'deactivated' }),
    ],
    ['who was deleted', 'user_deleted', () => tenant.server().delete('/v1/users/cleo')],
  ])('is refused to a user %s meanwhile', async (_what, code, act) => {
    await tenant.server().put('/v1/users/cleo', { status: 'active' });
    const { body } = await tenant.server().post('/v1/users/cleo/tokens', {});
    const cleo = await tenant.connect(body.token, 0);
    await breakOff(cleo);
    expect((await act(body.session_id as string)).status).toBeLessThan(300);
    await expect(resume(1, body.token as string, pidOf(cleo))).rejects.toMatchObject({ data: { code } });
  });
});
