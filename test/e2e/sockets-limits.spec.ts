import type { Socket as NetSocket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { waitFor } from '../../tools/stack';
import { TestSystem, type LiveClient, type TestTenant } from '../support/test-system';

const SENDS_PER_SECOND = 100;
const MANY = 1_000_000;
const ONLY_SENDS_ARE_FEW = {
  sends_per_minute: 60 * SENDS_PER_SECOND,
  user_sends_per_minute: MANY,
  reads_per_minute: MANY,
  user_reads_per_minute: MANY,
};
const system = new TestSystem('error', { RATE_LIMITS_FACTOR: '1' });
beforeAll(() => system.start());
afterAll(() => system.stop());

/** The wire of a client: paused, it reads nothing any more, and what it is sent piles up on the other side. */
const wireOf = ({ socket }: LiveClient) =>
  (socket.io.engine.transport as unknown as { ws: { _socket: NetSocket } }).ws._socket;

describe('Limits of a socket', () => {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await system.tenant('free');
    for (const id of ['anna', 'ben']) await tenant.server().put(`/v1/users/${id}`, {});
    await system.platform.patch(`/platform/v1/tenants/${tenant.id}/settings`, { limits: ONLY_SENDS_ARE_FEW });
  });

  it('takes a burst of messages, then refuses what is too fast and says when to try again', async () => {
    const anna = await tenant.socket('anna');
    const started = Date.now();
    const answers = await Promise.all(
      Array.from({ length: 400 }, () => anna.send('presence.get', { external_ids: ['ben'] })),
    );
    const elapsedSeconds = (Date.now() - started) / 1000;
    const taken = answers.filter(({ ok }) => ok).length;
    expect(taken).toBeGreaterThanOrEqual(100);
    expect(taken).toBeLessThanOrEqual(101 + 50 * elapsedSeconds);
    expect(taken).toBeLessThan(400);
    for (const { error } of answers.filter(({ ok }) => !ok)) {
      expect(error).toMatchObject({ status: 429, code: 'rate_limited', retry_after: 1 });
    }
    await waitFor(
      'it may talk again',
      5_000,
      async () => (await anna.send('presence.get', { external_ids: ['ben'] })).ok,
    );
    anna.socket.disconnect();
  });

  it('cuts off clients that do not read, keeps its memory, and serves the others on', async () => {
    const { body } = await tenant.acting('anna').post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
    const reader = await tenant.socket('ben');
    const token = await tenant.token('ben');
    const deaf = await Promise.all(Array.from({ length: 25 }, () => tenant.connect(token)));
    for (const client of deaf) wireOf(client).pause();
    const before = await system.residentBytes(0);
    const openBefore = await system.openFiles(0);
    // 300 times 80 KB, to each of 25: 600 MB, a part of which the kernel takes.
    const text = '\u{1f642}'.repeat(20_000);
    const messages = 300;
    let highest = before;
    for (let at = 0; at < messages; at += 1) {
      const sent = { client_message_id: `long-${at}`, text };
      const { status } = await tenant.acting('anna', 1).post(`/v1/conversations/${body.id}/messages`, sent);
      expect(status).toBe(201);
      if (at % 20 === 0) highest = Math.max(highest, await system.residentBytes(0));
    }
    await waitFor('the reader has all', 20_000, () => reader.of('message.created').length === messages);
    highest = Math.max(highest, await system.residentBytes(0));
    expect(highest - before).toBeLessThan(300 * 2 ** 20);
    // Closed, and not waiting for them to read what was written for them: they still do not.
    await waitFor('their connections are closed', 5_000, async () => (await system.openFiles(0)) <= openBefore - 20);
    for (const client of deaf) wireOf(client).resume();
    await waitFor('all of the deaf are gone', 20_000, () =>
      deaf.every(({ disconnectedBecause }) => disconnectedBecause),
    );
    for (const client of deaf) expect(client.of('message.created').length).toBeLessThan(messages);
    expect(reader.socket.connected).toBe(true);
    reader.socket.disconnect();
  });

  it('answers every send of a tenant that is too fast, and lets the others be', async () => {
    const { body } = await tenant.acting('anna').post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
    const sockets = await Promise.all(Array.from({ length: 10 }, () => tenant.socket('anna')));
    const wanted = { conversation_id: body.id as string, text: 'on' };
    const started = Date.now();
    const answers = await Promise.all(
      sockets.flatMap((client, socket) =>
        Array.from({ length: 60 }, (_, at) =>
          client.send('message.send', { ...wanted, client_message_id: `many-${socket}-${at}` }),
        ),
      ),
    );
    const elapsedSeconds = (Date.now() - started) / 1000;
    const taken = answers.filter(({ ok }) => ok).length;
    expect(taken).toBeGreaterThanOrEqual(SENDS_PER_SECOND);
    expect(taken).toBeLessThanOrEqual(SENDS_PER_SECOND * (1 + elapsedSeconds) + 1);
    for (const { error } of answers.filter(({ ok }) => !ok)) {
      expect(error).toMatchObject({ status: 429, code: 'rate_limited', retry_after: 1 });
    }
    const other = await system.tenant('free');
    for (const id of ['anna', 'ben']) await other.server().put(`/v1/users/${id}`, {});
    const theirs = await other.acting('anna').post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
    const sent = await (
      await other.socket('anna')
    ).send('message.send', { ...wanted, conversation_id: theirs.body.id, client_message_id: '1' });
    expect(sent).toMatchObject({ ok: true });
    for (const { socket } of sockets) socket.disconnect();
  });

  it('refuses the same over REST, once it knows whose credential it is before the body is read', async () => {
    const { body } = await tenant.acting('anna').post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
    const path = `/v1/conversations/${body.id}/messages`;
    const send = (id: number) => tenant.acting('anna').post(path, { client_message_id: `rest-${id}`, text: 'on' });
    const unreadable = () => tenant.acting('anna').call('POST', path, 'not JSON');
    // A body that nobody can read is a 400, unless it is not read.
    await waitFor('a body is refused unread', 20_000, async () => {
      const answers = await Promise.all([
        ...Array.from({ length: 2 * SENDS_PER_SECOND }, (_, at) => send(at)),
        ...Array.from({ length: 20 }, unreadable),
      ]);
      for (const { status, headers, body: answer } of answers.filter(({ status }) => status === 429)) {
        expect([status, headers.get('retry-after'), answer.code]).toEqual([429, '1', 'rate_limited']);
      }
      return answers.slice(-20).some(({ status }) => status === 429);
    });
    await waitFor('it is read again', 5_000, async () => (await unreadable()).status === 400);
  });

  it('cuts off who goes on at ten times the limit, says for how long, and bears with who is only too fast', async () => {
    await tenant.server().put('/v1/users/carla', {});
    const [flooding, hasty] = [await tenant.socket('carla'), await tenant.socket('anna')];
    let [unanswered, refused] = [0, 0];
    const answers: Promise<void>[] = [];
    while (flooding.disconnectedBecause === null) {
      for (let at = 0; at < 20 && flooding.socket.connected; at += 1) {
        const answer = flooding.send('presence.get', { external_ids: ['ben'] }).then(
          ({ error }) => void (refused += error?.code === 'rate_limited' ? 1 : 0),
          () => void (unanswered += 1),
        );
        answers.push(answer);
      }
      for (let at = 0; at < 3; at += 1) hasty.socket.emit('presence.get', { external_ids: ['ben'] });
      await pause(20);
    }
    await Promise.all(answers);
    expect(flooding.disconnectedBecause).toBe('io server disconnect');
    expect(flooding.of('connection.cut')).toMatchObject([{ data: { code: 'rate_limited', retry_after: 10 } }]);
    // What it sent from the cut on; all before was answered.
    expect(unanswered).toBeLessThan(refused / 10);
    const token = await tenant.token('carla');
    await expect(tenant.connect(token)).rejects.toMatchObject({
      data: { status: 429, code: 'rate_limited', retry_after: expect.any(Number) },
    });
    expect(hasty.socket.connected).toBe(true);
    expect(await tenant.socket('ben')).toMatchObject({ disconnectedBecause: null });
  });
});
