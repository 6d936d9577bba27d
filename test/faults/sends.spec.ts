import { setTimeout as sleep } from 'node:timers/promises';
import { mapConcurrent, NO_FAULTS, ownSystem, patient, waitFor, type Room, type TenantSession } from '#caas/testing';
import { OwnRedis } from '../support/own-redis';
import { TenantRows } from '../support/tenant-rows';

/*
 * A send is one insert, and the conversation's row follows (ADR 27): whatever is killed or emptied in between, the row, the clients
 * and everything else that follows from the message are right soon after. `SEND_KILLS=200` kills more often, and
 * `SEND_STORM_SECONDS=60` lets two processes send for longer.
 */

const { SEND_KILLS = '1', SEND_STORM_SECONDS = '6' } = process.env;
const KILL_EVERY_MS = 5_000;
/** Until a process that died is missed, and a worker has looked. */
const RIGHT_WITHIN_MS = 60_000;

let redis: OwnRedis;
const system = ownSystem({
  logLevel: 'fatal',
  apps: ['api', 'api', 'worker'],
  environment: async () => {
    redis = await OwnRedis.start();
    // A slow machine may take longer over a clean end than a process otherwise has for it.
    return { REDIS_URL: redis.url, SHUTDOWN_TIMEOUT: `${patient(8_000)}ms` };
  },
});
afterAll(() => redis.remove());

/** Conversations whose row is not what its messages say. */
async function wrongRows(tenant: TenantSession): Promise<object[]> {
  const rows = await TenantRows.open(tenant.id, tenant.tier);
  try {
    const conversations = await rows.of('conversations').find({ tenant_id: tenant.id }).toArray();
    const wrong = await Promise.all(
      conversations.map(async ({ _id, last_seq, last_message, sent }) => {
        const stored = await rows.of('messages').find({ tenant_id: tenant.id, conversation_id: _id }).toArray();
        const seqs = stored.map((message) => message['seq'] as number).sort((a, b) => a - b);
        const newest = stored.find((message) => message['seq'] === seqs.at(-1));
        const row = { last_seq, last: String(last_message?.id ?? ''), sent: Object.values(sent ?? {}) };
        const isGapless = seqs.every((seq, at) => seq === at + 1);
        const counted = {
          last_seq: seqs.length,
          last: String(newest?._id ?? ''),
          sent: seqs.length > 0 ? [seqs.length] : [],
        };
        return isGapless && JSON.stringify(row) === JSON.stringify(counted) ? [] : [{ row, counted, isGapless }];
      }),
    );
    return wrong.flat();
  } finally {
    await rows.close();
  }
}

describe('A process that is killed between an insert and all that follows', () => {
  const tenant = system.session('pro', 'anna', 'ben');

  it(
    `leaves rows and live clients right within a minute, ${SEND_KILLS} times`,
    async () => {
      const rooms = await mapConcurrent(4, Array.from({ length: Number(SEND_KILLS) }), () =>
        tenant.room('anna', ['ben'], { type: 'group' }),
      );
      const listener = await tenant.socket('ben', 0);
      await system.endApi(1, 'SIGKILL');
      for (const [at, room] of rooms.entries()) {
        await system.startApiAgain(1, { KILL_AT: 'send inserted' });
        await tenant.send('anna', room, { client_message_id: `killed-${at}` }, 1).catch(() => null);
        await system.apiEnded(1);
      }
      await system.startApiAgain(1);
      const heard = () => new Set(listener.of('message.created').map(({ conversation_id }) => conversation_id));
      await waitFor('clients to hear of each', patient(RIGHT_WITHIN_MS), () => heard().size === rooms.length);
      await waitFor(
        'the rows to be right',
        patient(RIGHT_WITHIN_MS),
        async () => (await wrongRows(tenant)).length === 0,
      );
      // Sent again, as a client does that got no answer: it is there.
      for (const [at, room] of rooms.entries()) {
        const { status, body } = await tenant.send('anna', room, {
          client_message_id: `killed-${at}`,
          text: `text ${at + 1}`,
        });
        expect([status, body.seq]).toEqual([200, 1]);
      }
      expect(await tenant.history.check(tenant.acting('ben').read)).toEqual(NO_FAULTS);
      listener.disconnect();
    },
    patient(120_000 + Number(SEND_KILLS) * 10_000),
  );
});

it('A process that is told to end leaves rows that equal a recount at once', async () => {
  const tenant = await system.tenant('free');
  await tenant.users('anna', 'ben');
  await tenant.setLimits();
  const rooms = await mapConcurrent(4, Array.from({ length: 20 }), () => tenant.room('anna', ['ben']));
  const sending = mapConcurrent(
    16,
    Array.from({ length: 400 }, (_, at) => rooms[at % rooms.length]!),
    (room) => tenant.send('anna', room, {}, 1).catch(() => null),
  );
  await waitFor('they send', patient(20_000), () => tenant.history.acknowledged.length > 100);
  expect(await system.endApi(1, 'SIGTERM')).toBe(0);
  expect(await wrongRows(tenant)).toEqual([]);
  await sending;
  await system.startApiAgain(1);
  expect(await tenant.history.check(tenant.acting('ben').read)).toEqual(NO_FAULTS);
});

it('With Redis emptied, one message and nothing else is found by search, sync, inbox and usage', async () => {
  const tenant = await system.tenant('enterprise');
  await tenant.users('anna', 'ben');
  const room = await tenant.room('anna', ['ben']);
  await redis.commands.flushall();
  await tenant.message('anna', room, { text: 'quincunx' });
  const ben = tenant.as('ben', 1);
  await waitFor('search', patient(RIGHT_WITHIN_MS), async () => {
    const { body } = await ben.get('/v1/search/messages?q=quincunx');
    return body.data.length === 1;
  });
  const { body: inbox } = await ben.get('/v1/conversations');
  expect(inbox.data[0]).toMatchObject({ last_seq: 1, unread_count: 1, last_message: { text: 'quincunx' } });
  const { body: sync } = await ben.post('/v1/sync', { conversations: { [room.id]: { seq: 0, rev: 0 } } });
  expect(sync.conversations[room.id]).toMatchObject({ seq: 1, messages: [{ text: 'quincunx' }] });
  await waitFor('usage', patient(RIGHT_WITHIN_MS), async () => {
    const { body } = await system.platform.get(`/platform/v1/tenants/${tenant.id}/usage`);
    return body.quotas.messages.used === 1;
  });
});

it('Replies and plain messages of two processes in one room: neither is kept out', async () => {
  const tenant = await system.tenant('pro');
  await tenant.users('anna', 'ben');
  await tenant.setLimits();
  const room = await tenant.room('anna', ['ben']);
  const { id: thread_root_id } = await tenant.message('anna', room);
  const counts = { plain0: 0, plain1: 0, replies: 0 };
  let isOver = false;
  const lane = async (what: keyof typeof counts, api: number, fields: object) => {
    while (!isOver) if ((await tenant.send('anna', room, fields, api)).status === 201) counts[what] += 1;
  };
  const lanes = [
    ...Array.from({ length: 4 }, () => lane('plain0', 0, {})),
    ...Array.from({ length: 4 }, () => lane('plain1', 1, {})),
    ...Array.from({ length: 4 }, () => lane('replies', 1, { thread_root_id })),
  ];
  await waitFor('enough was sent', patient(30_000), () => counts.plain0 + counts.plain1 + counts.replies > 1_500);
  isOver = true;
  await Promise.all(lanes);
  const all = counts.plain0 + counts.plain1 + counts.replies;
  // A third of what an even share would be.
  expect(counts.plain0).toBeGreaterThan(all / 2 / 3);
  expect(counts.plain1 + counts.replies).toBeGreaterThan(all / 2 / 3);
  expect(counts.replies).toBeGreaterThan(all / 3 / 3);
  expect(await tenant.history.check(tenant.acting('ben').read)).toEqual(NO_FAULTS);
});

/** Sends until it is acknowledged, at the other process when one does not answer, as clients do behind a load balancer. */
async function sendUntilAcknowledged(tenant: TenantSession, room: Room, name: string, api: number): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const message = { client_message_id: name, text: name };
    const answer = await tenant.send('anna', room, message, (api + attempt) % 2).catch(() => null);
    if (answer && answer.status < 300) return;
    if (answer && answer.status < 500) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    await sleep(50);
  }
}

it(
  `Two processes into the same ten conversations for ${SEND_STORM_SECONDS} s, one killed again and again: nothing is lost, doubled or left out`,
  async () => {
    const tenant = await system.tenant('starter');
    await tenant.users('anna', 'ben');
    await tenant.setLimits();
    const rooms = await mapConcurrent(4, Array.from({ length: 10 }), () => tenant.room('anna', ['ben']));
    const untilMs = performance.now() + Number(SEND_STORM_SECONDS) * 1_000;
    const lane = async (which: number) => {
      for (let n = 0; performance.now() < untilMs; n += 1)
        await sendUntilAcknowledged(tenant, rooms[(which + n) % rooms.length]!, `${which}-${n}`, which % 2);
    };
    const lanes = Array.from({ length: 20 }, (_, which) => lane(which));
    let kills = 0;
    for (; performance.now() + KILL_EVERY_MS < untilMs; kills += 1) {
      await sleep(KILL_EVERY_MS);
      await system.endApi(1, 'SIGKILL');
      await system.startApiAgain(1);
    }
    await Promise.all(lanes);
    expect(kills).toBeGreaterThan(0);
    await waitFor('the rows to be right', patient(RIGHT_WITHIN_MS), async () => (await wrongRows(tenant)).length === 0);
    expect(await tenant.history.check(tenant.acting('ben').read)).toEqual(NO_FAULTS);
    console.info(
      `${tenant.history.acknowledged.length} messages were acknowledged, ${kills} times a process was killed`,
    );
  },
  patient(120_000 + 3_000 * Number(SEND_STORM_SECONDS)),
);
