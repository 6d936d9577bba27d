import type { Socket as NetSocket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { waitFor, type LiveClient, type OwnSystem, type TenantSession } from '#caas/testing';
import { times } from './times';

/** Of one socket, with twice as many at once: few, so that a slow machine is faster than that. */
export const MESSAGES_PER_SECOND = 20;
const BURST = 2 * MESSAGES_PER_SECOND;
/** Of a tenant: the fewest that are counted by the second. */
const SENDS_PER_SECOND = 50;
const MANY = 1_000_000;
const NOTHING_IS_FEW = {
  sends_per_minute: MANY,
  user_sends_per_minute: MANY,
  reads_per_minute: MANY,
  user_reads_per_minute: MANY,
  user_sockets: 50,
};
const ONLY_SENDS_ARE_FEW = { ...NOTHING_IS_FEW, sends_per_minute: 60 * SENDS_PER_SECOND };

/** The wire of a client: paused, it reads nothing any more, and what it is sent piles up on the other side. */
const wireOf = ({ socket }: LiveClient) =>
  (socket.io.engine.transport as unknown as { ws: { _socket: NetSocket } }).ws._socket;
const ask = (client: LiveClient) => client.send('presence.get', { external_ids: ['ben'] });

/** Asks once more and again, until one is refused. @returns all answers, and in how many seconds they came */
async function untilRefused<T extends { ok: boolean }>(what: string, some: (round: number) => Promise<T[]>) {
  const [began, answers]: [number, T[]] = [performance.now(), []];
  let rounds = 0;
  await waitFor(what, 20_000, async () => {
    answers.push(...(await some((rounds += 1))));
    return answers.some(({ ok }) => !ok);
  });
  return { answers, seconds: (performance.now() - began) / 1000, taken: answers.filter(({ ok }) => ok).length };
}

const expectRefused = (answers: { ok: boolean; error?: object }[]) => {
  for (const { error } of answers.filter(({ ok }) => !ok)) {
    expect(error).toMatchObject({ status: 429, code: 'rate_limited', retry_after: 1 });
  }
};

export function describeSockets(system: OwnSystem): void {
  const setLimits = ({ id }: TenantSession, limits: object) =>
    system.platform.patch(`/platform/v1/tenants/${id}/settings`, { limits });
  /** Each test has a tenant of its own, whose budget nobody else has spent. */
  const aTenant = async (limits: object): Promise<TenantSession> => {
    const tenant = await system.tenant('free');
    await tenant.users('anna', 'ben');
    await setLimits(tenant, limits);
    return tenant;
  };

  describe('Limits of a socket', () => {
    it('takes a burst of messages, then refuses what is too fast and says when to try again', async () => {
      const tenant = await aTenant(NOTHING_IS_FEW);
      const anna = await tenant.socket('anna');
      const { answers, seconds, taken } = await untilRefused('it is too fast', () => times(4 * BURST, () => ask(anna)));
      expect(taken).toBeGreaterThanOrEqual(BURST);
      expect(taken).toBeLessThanOrEqual(BURST + 1 + MESSAGES_PER_SECOND * seconds);
      expectRefused(answers);
      await waitFor('it may talk again', 5_000, async () => (await ask(anna)).ok);
      tenant.disconnect();
    });

    it('cuts off clients that do not read, keeps its memory, and serves the others on', async () => {
      const tenant = await aTenant(NOTHING_IS_FEW);
      const room = await tenant.room('anna', ['ben'], { type: 'direct' });
      const reader = await tenant.socket('ben');
      const token = await tenant.token('ben');
      const deaf = await times(25, () => tenant.connect(token));
      const wires = deaf.map(wireOf);
      for (const wire of wires) wire.pause();
      const before = await system.residentBytes(0);
      const openBefore = await system.openFiles(0);
      // 300 times 80 KB, to each of 25: 600 MB, a part of which the kernel takes.
      const text = '\u{1f642}'.repeat(20_000);
      const messages = 300;
      let highest = before;
      for (let at = 0; at < messages; at += 1) {
        expect((await tenant.send('anna', room, { text }, 1)).status).toBe(201);
        if (at % 20 === 0) highest = Math.max(highest, await system.residentBytes(0));
      }
      await waitFor('the reader has all', 20_000, () => reader.of('message.created').length === messages);
      highest = Math.max(highest, await system.residentBytes(0));
      expect(highest - before).toBeLessThan(300 * 2 ** 20);
      // Closed, and not waiting for them to read what was written for them: they still do not.
      await waitFor('their connections are closed', 5_000, async () => (await system.openFiles(0)) <= openBefore - 20);
      for (const wire of wires) wire.resume();
      await waitFor('all of the deaf are gone', 20_000, () =>
        deaf.every(({ disconnectedBecause }) => disconnectedBecause),
      );
      for (const client of deaf) expect(client.of('message.created').length).toBeLessThan(messages);
      expect(reader.socket.connected).toBe(true);
      tenant.disconnect();
    });

    it('answers every send of a tenant that is too fast, and lets the others be', async () => {
      const tenant = await aTenant(ONLY_SENDS_ARE_FEW);
      const room = await tenant.room('anna', ['ben'], { type: 'direct' });
      const sockets = await times(10, () => tenant.socket('anna'));
      const { answers, seconds, taken } = await untilRefused('it is too fast', async (round) => {
        const sends = sockets.flatMap((client, socket) =>
          Array.from({ length: BURST }, (_, at) => {
            const client_message_id = `many-${round}-${socket}-${at}`;
            return client.send('message.send', { conversation_id: room.id, client_message_id, text: 'on' });
          }),
        );
        return Promise.all(sends);
      });
      expect(taken).toBeGreaterThanOrEqual(SENDS_PER_SECOND);
      expect(taken).toBeLessThanOrEqual(SENDS_PER_SECOND * (1 + seconds) + 1);
      expectRefused(answers);
      const other = await aTenant({});
      const theirs = await other.room('anna', ['ben'], { type: 'direct' });
      const message = { conversation_id: theirs.id, client_message_id: '1', text: 'on' };
      expect(await (await other.socket('anna')).send('message.send', message)).toMatchObject({ ok: true });
      for (const each of [tenant, other]) each.disconnect();
    });

    it('refuses the same over REST, once it knows whose credential it is before the body is read', async () => {
      // Fewer than are counted by the second: what is spent stays spent, however slow the calls are.
      const tenant = await aTenant({ ...NOTHING_IS_FEW, sends_per_minute: 40 });
      const room = await tenant.room('anna', ['ben'], { type: 'direct' });
      const unreadable = () => tenant.acting('anna').call('POST', `${room.path}/messages`, 'not JSON');
      // A body that nobody can read is a 400, unless it is not read.
      expect((await unreadable()).status).toBe(400);
      const sent = await times(60, () => tenant.send('anna', room));
      const refused = [await unreadable(), ...sent.filter(({ status }) => status !== 201)];
      expect(refused.length).toBeGreaterThan(20);
      for (const { status, headers, body } of refused) {
        expect([status, body.code]).toEqual([429, 'rate_limited']);
        expect(headers.get('retry-after')).toBe(String(body.retry_after));
        expect(body.retry_after).toBeGreaterThan(0);
      }
      await setLimits(tenant, NOTHING_IS_FEW);
      await waitFor('it is read again', 5_000, async () => (await unreadable()).status === 400);
      tenant.disconnect();
    });

    it('cuts off who goes on at ten times the limit, says for how long, and bears with who is only too fast', async () => {
      const tenant = await aTenant(NOTHING_IS_FEW);
      await tenant.users('carla');
      const [flooding, hasty] = [await tenant.socket('carla'), await tenant.socket('anna')];
      const answers: Promise<boolean>[] = [];
      let hastily = 0;
      const began = performance.now();
      /** How many are to be sent by now. */
      const due = (perSecond: number) => ((performance.now() - began) / 1000) * perSecond;
      while (flooding.disconnectedBecause === null) {
        while (answers.length < due(40 * MESSAGES_PER_SECOND) && flooding.socket.connected) {
          const isAnswered = ask(flooding).then(
            () => true,
            () => false,
          );
          answers.push(isAnswered);
        }
        for (; hastily < due(3 * MESSAGES_PER_SECOND); hastily += 1)
          hasty.socket.emit('presence.get', { external_ids: ['ben'] });
        await pause(20);
      }
      const answered = await Promise.all(answers);
      const seconds = (performance.now() - began) / 1000;
      expect(flooding.disconnectedBecause).toBe('io server disconnect');
      expect(flooding.of('connection.cut')).toMatchObject([{ data: { code: 'rate_limited', retry_after: 10 } }]);
      // What it sent from the cut on is not answered; before that, all but what had been taken and was under way.
      const underWay = answered.slice(0, answered.lastIndexOf(true)).filter((isAnswered) => !isAnswered);
      expect(underWay.length).toBeLessThanOrEqual(BURST + MESSAGES_PER_SECOND * seconds);
      const token = await tenant.token('carla');
      await expect(tenant.connect(token)).rejects.toMatchObject({
        data: { status: 429, code: 'rate_limited', retry_after: expect.any(Number) },
      });
      expect(hasty.socket.connected).toBe(true);
      expect(await tenant.socket('ben')).toMatchObject({ disconnectedBecause: null });
      tenant.disconnect();
    });
  });
}
