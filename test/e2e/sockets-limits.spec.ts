import type { Socket as NetSocket } from 'node:net';
import { waitFor } from '../../tools/stack';
import { TestSystem, type LiveClient, type TestTenant } from '../support/test-system';

const system = new TestSystem('error');
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
});
