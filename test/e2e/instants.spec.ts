import { sharedSystem, TIERS, type Answer, type LiveClient, type Room } from '#caas/testing';

const system = sharedSystem();

/** Far enough ahead for everything that must lie in the future. */
const YEAR = new Date().getUTCFullYear() + 1;
const day = `${YEAR}-01-14`;

const NO_INSTANTS: unknown[] = [
  `${day}T02:30:00`,
  `${day}T02:30:00.000`,
  `${day}T02:30Z`,
  day,
  `${YEAR}-01`,
  `${YEAR}`,
  `${day} 02:30:00Z`,
  `${day}_02:30:00Z`,
  `${day}T24:00:00Z`,
  `${day}T23:60:00Z`,
  `${YEAR}-06-30T23:59:60Z`,
  `${YEAR}-13-01T00:00:00Z`,
  `${YEAR}-00-01T00:00:00Z`,
  `${YEAR}-02-30T00:00:00Z`,
  `${day}T02:30:00+24:00`,
  `${day}T02:30:00+05`,
  `${day}T02:30:00+0530`,
  `${day}T02:30:00+05:60`,
  `+1${day}T02:30:00Z`,
  `1${day}T02:30:00Z`,
  '9999-12-31T23:59:59-00:01',
  `${day}T02:30:00.Z`,
  `${day}T02:30:00,5Z`,
  `${day}T02:30:00.1234567890Z`,
  ` ${day}T02:30:00Z`,
  `${day}T02:30:00Z\n`,
  `${YEAR}0114T023000Z`,
  `${YEAR}-W03-4T02:30:00Z`,
  'tomorrow',
  '',
  Date.UTC(YEAR, 0, 14),
  true,
  {},
  [`${day}T02:30:00Z`],
];

const INSTANTS: [written: string, instant: string][] = [
  [`${day}T02:30:00Z`, `${day}T02:30:00.000Z`],
  [`${day}t02:30:00.25z`, `${day}T02:30:00.250Z`],
  [`${day}T02:30:00.123456789+05:30`, `${YEAR}-01-13T21:00:00.123Z`],
  [`${day}T02:30:00-00:00`, `${day}T02:30:00.000Z`],
];

interface Place {
  field: string;
  set: (time: unknown) => Promise<Answer>;
  /** Where a time that was taken is found in the answer. */
  of: (answer: Answer) => unknown;
}

describe.each(TIERS)('Times in requests on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');
  const anna = tenant.as('anna');
  let room: Room;
  let live: LiveClient;
  let scheduled: string;
  beforeAll(async () => {
    room = await tenant.room('anna', ['ben']);
    live = await tenant.socket('anna', 1);
    const { body } = await anna.post(`${room.path}/scheduled-messages`, { text: 'x', send_at: `${day}T00:00:00Z` });
    scheduled = `/v1/scheduled-messages/${body.id}`;
  });

  let sends = 0;
  const poll = (closes_at: unknown) => ({
    client_message_id: `poll-${(sends += 1)}`,
    type: 'poll',
    poll: { question: 'When?', options: [{ text: 'now' }, { text: 'later' }], closes_at },
  });
  const places: Record<string, Place> = {
    'a scheduled message': {
      field: 'send_at',
      set: (send_at) => anna.post(`${room.path}/scheduled-messages`, { text: 'x', send_at }),
      of: ({ body }) => body.send_at,
    },
    'a change of a scheduled message': {
      field: 'send_at',
      set: (send_at) => anna.patch(scheduled, { send_at }),
      of: ({ body }) => body.send_at,
    },
    preferences: {
      field: 'muted_until',
      set: (muted_until) => anna.patch(`${room.path}/preferences`, { muted_until }),
      of: ({ body }) => body.preferences.muted_until,
    },
    'a poll': {
      field: 'poll.closes_at',
      set: (closes_at) => anna.post(`${room.path}/messages`, poll(closes_at)),
      of: ({ body }) => body.poll.closes_at,
    },
    'a poll over a socket': {
      field: 'poll.closes_at',
      set: async (closes_at) => {
        const answer = await live.send('message.send', { conversation_id: room.id, ...poll(closes_at) });
        return { status: answer.error?.status ?? 201, body: answer.error ?? answer.data } as Answer;
      },
      of: ({ body }) => body.poll.closes_at,
    },
    'a scheduled poll': {
      field: 'poll.closes_at',
      set: (closes_at) => {
        const { client_message_id: _, ...message } = poll(closes_at);
        return anna.post(`${room.path}/scheduled-messages`, { ...message, send_at: `${day}T00:00:00Z` });
      },
      of: ({ body }) => body.message.poll.closes_at && new Date(body.message.poll.closes_at as string).toISOString(),
    },
  };

  it.each(Object.entries(places))('of %s are instants with an offset or Z', async (_, { field, set, of }) => {
    for (const time of NO_INSTANTS) {
      const { status, body } = await set(time);
      expect([time, status, body.errors?.[0]?.field]).toEqual([time, 400, field]);
    }
    for (const [written, instant] of INSTANTS) {
      const answer = await set(written);
      expect([written, answer.status < 300, of(answer)]).toEqual([written, true, instant]);
    }
  });
});
