import {
  patient,
  sharedSystem,
  TIERS,
  type Caller,
  type ConversationChanges,
  type MessagePage,
  type Position,
  type Room,
} from '#caas/testing';

const system = sharedSystem();

/** `OWN_WRITES=2000` looks longer. */
const { OWN_WRITES = '30' } = process.env;
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

async function sync(caller: Caller, { id }: Room, known: Position): Promise<ConversationChanges> {
  const { body } = await caller.post('/v1/sync', { conversations: { [id]: known } });
  return body.conversations[id] as ConversationChanges;
}

const newestOf = async (caller: Caller, { path }: Room) =>
  (await caller.get(`${path}/messages?limit=1`)).body as MessagePage;

/** A conversation's `last_seq`, newest message and unread counts follow from its messages, which are stored first. */
describe.each(TIERS)('What follows from a message on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');
  const ben = tenant.as('ben');
  beforeAll(() => tenant.setLimits());

  const open = () => tenant.room('anna', ['ben']);
  const send = (room: Room, fields: object = {}, api = 0): Promise<Position & { id: string }> =>
    tenant.message('anna', room, fields, api);

  it(
    'is there at once on the process that acknowledged it',
    async () => {
      const room = await open();
      const known = async (caller: Caller, seq: number) =>
        Promise.all([
          caller.get(room.path),
          caller.get('/v1/conversations?limit=1'),
          sync(caller, room, { seq: seq - 1, rev: 0 }),
          newestOf(caller, room),
        ]);
      for (const n of upTo(Number(OWN_WRITES))) {
        const api = n % 2;
        const { id, seq } = await send(room, { mentions: ['ben'] }, api);
        const [row, inbox, synced, newest] = await known(tenant.acting('anna', api), seq);
        const own = { id: room.id, last_seq: n, unread_count: 0, last_message: { id, seq: n } };
        expect([row.body, inbox.body.data[0]]).toMatchObject([own, own]);
        expect(synced).toMatchObject({ seq: n, messages: [{ id }], resync_required: false, conversation: own });
        expect(newest).toMatchObject({ data: [{ id }], page: { seq: n } });
        const { body: others } = await tenant.acting('ben', api).get(room.path);
        expect(others).toMatchObject({ last_seq: n, unread_count: n, unread_mentions: Math.min(n, 100) });
      }
    },
    patient(60_000 + Number(OWN_WRITES) * 60),
  );

  it('may come later on another process, which neither refuses nor resets who knows more', async () => {
    const room = await open();
    const live = await tenant.socket('ben', 1);
    const [annaThere, benThere] = [tenant.acting('anna', 1), tenant.acting('ben', 1)];
    for (const n of upTo(20)) {
      const { seq } = await send(room);
      const position = { seq, rev: n - 1 };
      const [delivered, synced, page] = await Promise.all([
        benThere.put(`${room.path}/delivered`, { seq }),
        sync(annaThere, room, position),
        newestOf(annaThere, room),
      ]);
      expect(delivered).toMatchObject({ status: 200, body: { delivered_seq: n } });
      expect(synced).toMatchObject({ seq: n, messages: [], resync_required: false, has_more: false });
      expect(page).toMatchObject({ data: [{ seq: n }], page: { seq: n } });
    }
    for (const n of upTo(20)) {
      const { seq } = await send(room);
      const message = { conversation_id: room.id, seq };
      const read =
        n % 2 ? await benThere.put(`${room.path}/read`, { seq }) : await live.send('conversation.read', message);
      expect(n % 2 ? read.body : read.data).toMatchObject({ read_seq: 20 + n });
    }
    // What nobody sent is refused, wherever.
    for (const caller of [ben, benThere]) {
      const beyond = await caller.put(`${room.path}/read`, { seq: 41 });
      expect(beyond).toMatchObject({ status: 400, body: { code: 'seq_beyond_last' } });
      expect(await sync(caller, room, { seq: 41, rev: 0 })).toMatchObject({ resync_required: true, messages: [] });
    }
    live.socket.disconnect();
  });
});
