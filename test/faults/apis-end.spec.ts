import { ownSystem, patient, waitFor, type Caller, type LiveClient, type Room } from '#caas/testing';

const SENDERS = 8;
/** Longer than a slow machine pauses. */
const PRESENCE_TIMEOUT_MS = patient(1_000);

const system = ownSystem({
  logLevel: 'error',
  apps: ['api', 'api'],
  environment: { PRESENCE_TIMEOUT: `${PRESENCE_TIMEOUT_MS}ms` },
});

// Each test ends it.
beforeEach(() => system.startApiAgain(1));

const toldOf = (client: LiveClient, who: string): string[] =>
  client
    .of('presence.changed')
    .flatMap(({ data }) => data.changes as { user: { user_external_id: string }; status: string }[])
    .filter(({ user }) => user.user_external_id === who)
    .map(({ status }) => status);

interface Sends {
  acknowledged: Map<string, number>;
  refused: string[];
  unanswered: string[];
}

/** Sends as fast as it is answered, until nothing is sent any more. */
async function sendOn(client: LiveClient, conversation_id: string, name: string, sends: Sends): Promise<void> {
  for (let at = 0; client.socket.connected; at += 1) {
    const client_message_id = `${name}-${at}`;
    const answer = await client
      .send('message.send', { conversation_id, client_message_id, text: 'on' })
      .catch(() => null);
    if (answer === null) sends.unanswered.push(client_message_id);
    else if (answer.ok) sends.acknowledged.set(client_message_id, answer.data.seq);
    else {
      // Who does not wait before it sends again is soon told that it sends too much.
      expect(answer.error).toMatchObject({
        code: expect.stringMatching(/^(server_closing|rate_limited)$/) as string,
        retry_after: expect.any(Number) as number,
      });
      sends.refused.push(client_message_id);
    }
  }
}

describe('An api that is told to end', () => {
  const tenant = system.session('pro', 'anna', 'ben');

  it('tells its clients, answers what it has begun, and loses and doubles nothing', async () => {
    const room = await tenant.room('anna', ['ben'], { type: 'direct' });
    const token = await tenant.token('anna');
    const clients = await Promise.all(Array.from({ length: SENDERS }, () => tenant.connect(token, 1)));
    const sends: Sends = { acknowledged: new Map(), refused: [], unanswered: [] };
    const sending = clients.map((client, at) => sendOn(client, room.id, `c${at}`, sends));
    await waitFor('all are at it', 10_000, () => sends.acknowledged.size > 5 * SENDERS);

    const exit = await system.endApi(1, 'SIGTERM');
    expect(exit).toBe(0);
    await Promise.all(sending);
    for (const client of clients) {
      const [closing] = client.of('server.closing');
      expect(closing?.data.reconnect_after_ms).toBeGreaterThanOrEqual(0);
      expect(closing?.data.reconnect_after_ms).toBeLessThan(30_000);
      // Not a farewell of socket.io, after which its clients do not come back by themselves.
      expect(client.disconnectedBecause).toBe('transport close');
    }

    // It has brought the conversation up to date with what was sent to it.
    const { last_seq } = (await tenant.as('ben').get(room.path)).body;
    expect(last_seq).toBe(Math.max(...sends.acknowledged.values()));
    const again = await tenant.connect(token, 0);
    // At most what each sent when it was closed: and of all that got no acknowledgement, nothing had been stored.
    expect(sends.unanswered.length).toBeLessThanOrEqual(SENDERS);
    for (const client_message_id of [...sends.refused, ...sends.unanswered]) {
      const answer = await sendInTime(again, { conversation_id: room.id, client_message_id, text: 'on' });
      expect(answer.error).toBeUndefined();
      expect(answer.data.replayed).toBeUndefined();
    }
    const { stored, seqs } = await everything(tenant.as('ben'), room);
    expect(stored.toSorted()).toEqual([...sends.acknowledged.keys(), ...sends.refused, ...sends.unanswered].toSorted());
    expect(seqs).toEqual(seqs.map((_seq, at) => at + 1));
    again.socket.disconnect();
  });
});

describe('Presence when an api ends', () => {
  it('goes out within its bound when it is killed, is told by the apis that are left, and stays for who is elsewhere too', async () => {
    const tenant = await system.tenant('pro');
    const names = ['watcher', 'alone', 'twice', 'hidden'];
    await tenant.users(...names);
    await tenant.room('watcher', names.slice(1));
    const watcher = await tenant.socket('watcher', 0);
    const hidden = await tenant.socket('hidden', 1);
    await hidden.send('presence.set', { status: 'invisible' });
    for (const [who, api] of [
      ['alone', 1],
      ['twice', 1],
      ['twice', 0],
    ] as const)
      await tenant.socket(who, api);
    await waitFor('all are there', 15_000, () =>
      ['alone', 'twice'].every((who) => toldOf(watcher, who).at(-1) === 'online'),
    );

    const toldOfHidden = toldOf(watcher, 'hidden');
    const before = new Date();
    await system.endApi(1, 'SIGKILL');
    await waitFor('the peers hear of it', 15_000, () => toldOf(watcher, 'alone').at(-1) === 'offline');
    const { body } = await tenant.as('watcher').get('/v1/presence?external_ids=alone,twice,hidden');
    expect(body.data).toMatchObject([{ status: 'offline' }, { status: 'online' }, { status: 'offline' }]);
    // Seen last when the process gave its last sign of life, not when somebody noticed.
    const lastSeen = Date.parse(body.data[0].last_seen_at);
    expect(Math.abs(lastSeen - before.getTime())).toBeLessThan(PRESENCE_TIMEOUT_MS);
    expect(toldOf(watcher, 'twice')).toEqual(['online']);
    expect(toldOf(watcher, 'hidden')).toEqual(toldOfHidden);
    tenant.disconnect();
  });

  it('is handed over when it is told to end: only who does not come back elsewhere has gone', async () => {
    const tenant = await system.tenant('free');
    await tenant.users('watcher', 'mover', 'leaver');
    await tenant.room('watcher', ['mover', 'leaver']);
    const watcher = await tenant.socket('watcher', 0);
    const [mover] = [await tenant.socket('mover', 1), await tenant.socket('leaver', 1)];
    await waitFor('both are there', 15_000, () =>
      ['mover', 'leaver'].every((who) => toldOf(watcher, who).at(-1) === 'online'),
    );
    const ending = system.endApi(1, 'SIGTERM');
    await waitFor('its clients are let go', 15_000, () => mover!.disconnectedBecause);
    await tenant.socket('mover', 0);
    expect(await ending).toBe(0);
    await waitFor('the peers hear of who has gone', 25_000, () => toldOf(watcher, 'leaver').at(-1) === 'offline');
    expect(toldOf(watcher, 'mover')).toEqual(['online']);
    tenant.disconnect();
  });
});

/** There may be more to send again than a socket takes at once: then it waits, as clients do. */
async function sendInTime(client: LiveClient, message: object) {
  let answer = await client.send('message.send', message);
  await waitFor('it may talk again', 5_000, async () => {
    if (answer.error?.code === 'rate_limited') answer = await client.send('message.send', message);
    return answer.error?.code !== 'rate_limited';
  });
  return answer;
}

async function everything(member: Caller, room: Room): Promise<{ stored: string[]; seqs: number[] }> {
  const messages: { client_message_id: string; seq: number }[] = [];
  for (let has_more = true; has_more;) {
    const path = `${room.path}/messages?limit=100&after_seq=${messages.at(-1)?.seq ?? 0}`;
    const { body } = await member.get(path);
    messages.push(...body.data);
    has_more = body.page.has_more;
  }
  return {
    stored: messages.map(({ client_message_id }) => client_message_id),
    seqs: messages.map(({ seq }) => seq),
  };
}
