import { ObjectId } from 'mongodb';
import {
  eventually,
  sharedSystem,
  TIERS,
  waitFor,
  type Caller,
  type ConversationChanges,
  type MessagePage,
  type MessageState,
  type Position,
  type Room,
} from '#caas/testing';
import { commandsInTurn } from '../support/command-line';
import { TenantRows } from '../support/tenant-rows';

/** As the shared system has it. */
const ENVIRONMENT = { ARCHIVE_TRUST: '300ms' };
const ZEROS: Position = { seq: 0, rev: 0 };
/** Far more than any of these conversations needs. */
const MAX_ROUNDS = 2_000;

const system = sharedSystem();
const caas = commandsInTurn(system, ENVIRONMENT);

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const bySeq = (messages: Iterable<MessageState>) => [...messages].sort((a, b) => a.seq - b.seq);

async function sync(caller: Caller, { id }: Room, { seq, rev }: Position, limit = 100): Promise<ConversationChanges> {
  const { body } = await caller.post('/v1/sync', { conversations: { [id]: { seq, rev } }, limit });
  return body.conversations[id] as ConversationChanges;
}

const pageOf = async (caller: Caller, { path }: Room, query = 'direction=forward&limit=100') =>
  (await caller.get(`${path}/messages?${query}`)).body as MessagePage;

/** A client that knows messages by what `sync` tells alone. */
class Memory {
  position = ZEROS;
  readonly messages = new Map<string, MessageState>();

  constructor(
    private readonly caller: Caller,
    private readonly room: Room,
  ) {}

  /** Asks until there is no more. Each answer tells no more than was asked for, and gets further. */
  async catchUp(limit: number): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const { messages, seq, rev, has_more, resync_required } = await sync(
        this.caller,
        this.room,
        this.position,
        limit,
      );
      expect([resync_required, messages.length <= limit]).toEqual([false, true]);
      const before = this.position;
      expect([seq >= before.seq, rev >= before.rev]).toEqual([true, true]);
      for (const message of messages) this.messages.set(message.id, message);
      this.position = { seq, rev };
      if (!has_more) return;
      expect(messages.length > 0 || seq > before.seq || rev > before.rev).toBe(true);
    }
    throw new Error('sync does not end');
  }
}

describe.each(TIERS)('The two numbers of a conversation on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'late');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
  beforeAll(() => tenant.setLimits());

  const open = (fields: object = {}) => tenant.room('anna', ['ben'], fields);
  const send = (room: Room, fields: object = {}, who = 'anna', api = 0): Promise<Position & { id: string }> =>
    tenant.message(who, room, fields, api);

  /** Changes of messages that are there, others that come, and changes of these. */
  async function goOn(room: Room, [first, second, third]: { id: string }[]): Promise<void> {
    await anna.patch(`/v1/messages/${second!.id}`, { text: 'edited' });
    const { id: fresh } = await send(room, { mentions: ['ben'] });
    await ben.put(`/v1/messages/${third!.id}/reactions/👍`);
    await send(room, { thread_root_id: first!.id }, 'ben', 1);
    await anna.put(`/v1/messages/${first!.id}/pin`);
    await ben.put(`/v1/messages/${fresh}/reactions/👍`);
    await anna.patch(`/v1/messages/${second!.id}`, { text: 'edited again' });
    const gone = await send(room);
    await anna.delete(`/v1/messages/${gone.id}`);
    await tenant.acting('ben', 1).put(`${room.path}/read`, { seq: gone.seq });
    await send(room, {}, 'ben', 1);
  }

  describe('sync', () => {
    it.each([1, 2, 100])('with the limit %s tells all that changed and all that is new, and ends', async (limit) => {
      const room = await open();
      const memories = [new Memory(ben, room), new Memory(tenant.acting('anna', 1), room)] as const;
      const sent: { id: string }[] = [];
      for (let n = 0; n < 6; n += 1) sent.push(await send(room, {}, n % 2 ? 'ben' : 'anna', n % 2));
      await eventually(async () => {
        for (const memory of memories) await memory.catchUp(limit);
        for (const { position } of memories) expect(position).toEqual({ seq: 6, rev: 0 });
      });
      await goOn(room, sent);
      const callers = [ben, anna];
      await eventually(async () => {
        for (const [at, memory] of memories.entries()) {
          await memory.catchUp(limit);
          const { data, page } = await pageOf(callers[at]!, room);
          expect(bySeq(memory.messages.values())).toEqual(data);
          expect(memory.position).toEqual({ seq: page.seq, rev: page.rev });
        }
      });
    });

    it('tells the same of what is in cold storage', async () => {
      const room = await open();
      const sent: { id: string }[] = [];
      for (let n = 0; n < 6; n += 1) sent.push(await send(room));
      const memory = new Memory(ben, room);
      await memory.catchUp(2);
      await goOn(room, sent);
      await eventually(async () => expect((await anna.get(room.path)).body.last_seq).toBe(10));
      const words = ['archive', 'run', '--tenant', tenant.id, '--conversation', room.id, '--after-days', '0'];
      expect(await caas(words)).toMatchObject({ code: 0, found: { messages: 10, pruned: 10, failed: [] } });
      const [first, last] = [sent[0]!, sent[5]!];
      await send(room, { thread_root_id: first.id }, 'ben');
      await anna.put(`/v1/messages/${last.id}/pin`);
      for (const limit of [1, 3]) {
        const anew = new Memory(ben, room);
        for (const each of [memory, anew]) await each.catchUp(limit);
        const { data, page } = await pageOf(ben, room);
        for (const each of [memory, anew]) {
          expect(bySeq(each.messages.values())).toEqual(data);
          expect(each.position).toEqual({ seq: page.seq, rev: page.rev });
        }
      }
    });

    it('tells changes first, by rev, and then messages, by seq, in the room that is left', async () => {
      const room = await open();
      const [one, two] = [await send(room), await send(room)];
      for (const { id } of [two, one]) await anna.patch(`/v1/messages/${id}`, { text: 'edited' });
      const [three, four] = [await send(room), await send(room)];
      const told = async (known: Position, limit: number) => {
        const { messages, seq, rev, has_more } = await sync(anna, room, known, limit);
        return { ids: messages.map(({ id }) => id), seq, rev, has_more };
      };
      const known = { seq: 2, rev: 0 };
      expect(await told(known, 1)).toEqual({ ids: [two.id], seq: 2, rev: 1, has_more: true });
      expect(await told(known, 2)).toEqual({ ids: [two.id, one.id], seq: 2, rev: 2, has_more: true });
      expect(await told(known, 3)).toEqual({ ids: [two.id, one.id, three.id], seq: 3, rev: 2, has_more: true });
      const all = [two.id, one.id, three.id, four.id];
      expect(await told(known, 4)).toEqual({ ids: all, seq: 4, rev: 2, has_more: false });
      // Who knows no message has none that changed.
      expect(await told({ seq: 1, rev: 0 }, 2)).toEqual({ ids: [one.id, two.id], seq: 2, rev: 2, has_more: true });
      expect(await told(ZEROS, 2)).toEqual({ ids: [one.id, two.id], seq: 2, rev: 2, has_more: true });
    });

    it('gets to its end while others go on, and then knows what there is', async () => {
      const room = await open();
      const sent: { id: string }[] = [];
      for (let n = 0; n < 5; n += 1) sent.push(await send(room));
      const memory = new Memory(tenant.acting('ben', 1), room);
      const traffic = Promise.all(
        upTo(40).map((n) =>
          n % 2
            ? tenant.send('anna', room, {}, n % 4 === 1 ? 0 : 1)
            : tenant.acting('anna', n % 4 === 2 ? 0 : 1).patch(`/v1/messages/${sent[n % 5]!.id}`, { text: `${n}` }),
        ),
      );
      for (let n = 0; n < 5; n += 1) await memory.catchUp(1);
      await traffic;
      await eventually(async () => {
        await memory.catchUp(3);
        expect(memory.position).toEqual({ seq: 25, rev: 20 });
      });
      expect(bySeq(memory.messages.values())).toEqual((await pageOf(ben, room)).data);
    });

    it.each([
      5,
      null,
      'x',
      [1, 2],
      {},
      { seq: 1 },
      { rev: 1 },
      { seq: -1, rev: 0 },
      { seq: 0, rev: 1.5 },
      { seq: '1', rev: 0 },
    ])('refuses %j for what a client remembers', async (known) => {
      const { id } = await open();
      const answer = await anna.post('/v1/sync', { conversations: { [id]: known } });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'conversations' }] } });
    });
  });

  describe('a page', () => {
    it('says where the conversation stood, and from where on there is something to read', async () => {
      const room = await open();
      expect((await pageOf(ben, room)).page).toMatchObject({ ...ZEROS, first_seq: 1, has_more: false });
      const sent: { id: string }[] = [];
      for (let n = 0; n < 4; n += 1) sent.push(await send(room));
      await ben.put(`/v1/messages/${sent[1]!.id}/reactions/👍`);
      await ben.put(`${room.path}/read`, { seq: 3 });
      for (const query of ['', 'limit=2', 'direction=forward&limit=1', 'after_seq=3', 'around_seq=2', 'pinned=true']) {
        const { page } = await pageOf(ben, room, query);
        expect([query, page.seq, page.rev, page.first_seq]).toEqual([query, 4, 2, 1]);
      }
    });

    it('says to who came later that they read from their coming on', async () => {
      const room = await open({ history: 'joined' });
      for (let n = 0; n < 3; n += 1) await send(room);
      await anna.post(`${room.path}/members`, { member_ids: ['late'] });
      const late = tenant.acting('late');
      expect((await pageOf(late, room)).page).toMatchObject({ seq: 3, first_seq: 4 });
      const { id } = await send(room);
      const { data, page } = await pageOf(late, room);
      expect(data.map((message) => message.id)).toEqual([id]);
      expect(page).toMatchObject({ seq: 4, first_seq: 4 });
      expect((await pageOf(ben, room)).page).toMatchObject({ seq: 4, first_seq: 1 });
    });
  });

  describe('an event', () => {
    it('of a new message has a seq alone; of a change of one, a rev as well; of other changes, a rev alone', async () => {
      const room = await open();
      const sockets = [await tenant.socket('ben', 0), await tenant.socket('ben', 1)];
      const { id, rev } = await send(room, {}, 'anna', 1);
      expect(rev).toBe(0);
      await ben.put(`/v1/messages/${id}/reactions/👍`);
      await anna.patch(`/v1/messages/${id}`, { text: 'edited' });
      await ben.delete(`/v1/messages/${id}/reactions/👍`);
      await ben.put(`${room.path}/read`, { seq: 1 });
      await anna.delete(`/v1/messages/${id}`);
      await anna.patch(room.path, { name: 'Hall' });
      for (const { events, socket } of sockets) {
        const about = () => events.filter(({ conversation_id }) => conversation_id === room.id);
        await waitFor('all of it', 5_000, () => about().length === 7);
        expect(about().map((event) => [event.type, event.seq, event.rev, event.data['base_rev']])).toEqual([
          ['message.created', 1, undefined, undefined],
          ['reaction.added', 1, 1, 0],
          ['message.updated', 1, 2, undefined],
          ['reaction.removed', 1, 3, 2],
          ['receipt.updated', undefined, 4, undefined],
          ['message.deleted', 1, 5, undefined],
          ['conversation.updated', undefined, 6, undefined],
        ]);
        expect(about()[0]!.data).toMatchObject({ seq: 1, rev: 0 });
        socket.disconnect();
      }
    });
  });

  it('messages that the version before stored are shown by the same rule', async () => {
    const room = await open();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.push((await send(room)).id);
    const rows = await TenantRows.open(tenant.id, tier);
    // Then a message took a rev like any change, and the second was edited with the fourth.
    for (const [at, id] of ids.entries()) {
      const numbers = { created_rev: at + 1, rev: at === 1 ? 4 : at + 1 };
      await rows.of('messages').updateOne({ tenant_id: tenant.id, _id: new ObjectId(id) }, { $set: numbers });
    }
    const row = { tenant_id: tenant.id, _id: new ObjectId(room.id) };
    await rows.of('conversations').updateOne(row, { $set: { rev: 4 } });
    await rows.close();

    expect((await pageOf(ben, room)).data.map(({ rev }) => rev)).toEqual([0, 4, 0]);
    expect((await ben.get(`/v1/messages/${ids[2]}`)).body.rev).toBe(0);
    const memory = new Memory(ben, room);
    await memory.catchUp(1);
    expect(memory.position).toEqual({ seq: 3, rev: 4 });
    expect(bySeq(memory.messages.values()).map(({ rev }) => rev)).toEqual([0, 4, 0]);
    // Of what is known, only what changed is news.
    const { messages, rev } = await sync(ben, room, { seq: 3, rev: 3 });
    expect([messages.map(({ id }) => id), rev]).toEqual([[ids[1]], 4]);

    const live = await tenant.socket('ben', 1);
    for (const id of [ids[0], ids[1]]) await anna.put(`/v1/messages/${id}/reactions/👍`);
    await waitFor('both reactions', 5_000, () => live.of('reaction.added').length === 2);
    expect(live.of('reaction.added').map((event) => [event.rev, event.data['base_rev']])).toEqual([
      [5, 0],
      [6, 4],
    ]);
    expect((await ben.get(`/v1/messages/${ids[0]}`)).body.rev).toBe(5);
    live.socket.disconnect();
  });
});
