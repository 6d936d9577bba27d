import { eventually, sharedSystem, TIERS, waitFor, type Caller } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Receipts on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'eve', 'carl', 'dora', 'fred', 'gina');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];

  /** A conversation of Anna and another user, with `count` messages of Anna. */
  const withMessages = async (other: string, count: number) => {
    const room = await tenant.room('anna', [other]);
    for (let n = 1; n <= count; n += 1) await tenant.message('anna', room);
    return { ...room, room, reader: tenant.as(other) };
  };
  const marksOf = async (caller: Caller, path: string) =>
    Object.fromEntries(
      (await caller.get(`${path}/receipts`)).body.data.map(
        (receipt: { user: { user_external_id: string }; read_seq: number; delivered_seq: number }) => [
          receipt.user.user_external_id,
          [receipt.read_seq, receipt.delivered_seq],
        ],
      ),
    );

  it('moves the unread count, never back, and tells what it stands at', async () => {
    const { path, reader } = await withMessages('carl', 5);
    expect((await reader.get(path)).body).toMatchObject({ unread_count: 5, rev: 0 });
    expect(await reader.put(`${path}/delivered`, { seq: 4 })).toMatchObject({
      status: 200,
      body: { read_seq: 0, delivered_seq: 4, user: { user_external_id: 'carl' } },
    });
    expect((await reader.put(`${path}/read`, { seq: 3 })).body).toMatchObject({ read_seq: 3, delivered_seq: 4 });
    expect((await reader.get(path)).body).toMatchObject({ unread_count: 2, rev: 2 });
    for (const seq of [0, 2, 3]) {
      expect((await reader.put(`${path}/read`, { seq })).body).toMatchObject({ read_seq: 3, delivered_seq: 4 });
    }
    expect((await reader.put(`${path}/read`, { seq: 5 })).body).toMatchObject({ read_seq: 5, delivered_seq: 5 });
    // What moved nothing took no rev.
    expect((await reader.get(path)).body).toMatchObject({ unread_count: 0, rev: 3 });
    expect(await marksOf(anna, path)).toEqual({ anna: [5, 5], carl: [5, 5] });
  });

  it('has the sender read what they sent', async () => {
    const { path, room, reader } = await withMessages('dora', 2);
    await tenant.message('dora', room);
    expect((await reader.get(path)).body.unread_count).toBe(0);
    expect((await anna.get(path)).body.unread_count).toBe(1);
    expect((await anna.get('/v1/conversations')).body.data[0]).toMatchObject({ unread_count: 1 });
  });

  it.each([
    [{ seq: 3 }, 400, 'seq_beyond_last'],
    [{ seq: -1 }, 400, 'validation_failed'],
    [{ seq: '1' }, 400, 'validation_failed'],
    [{ seq: 1.5 }, 400, 'validation_failed'],
    [{ seq: { $gt: 0 } }, 400, 'validation_failed'],
    [{}, 400, 'validation_failed'],
    [{ seq: 1, up_to: 1 }, 400, 'validation_failed'],
  ])('refuses %j', async (body, status, code) => {
    const { path } = await withMessages('fred', 2);
    expect(await ben.get(`${path}/receipts`)).toMatchObject({ status: 404 });
    const fred = tenant.acting('fred');
    expect(await fred.put(`${path}/read`, body)).toMatchObject({ status, body: { code } });
  });

  it('tells the members over their sockets, on every process, in the order of rev', async () => {
    const { id, path } = await withMessages('gina', 3);
    const [annas, ginas] = [await tenant.socket('anna', 0), await tenant.socket('gina', 1)];
    expect(await ginas.send('conversation.delivered', { conversation_id: id, seq: 2 })).toMatchObject({ ok: true });
    expect(await ginas.send('conversation.read', { conversation_id: id, seq: 3 })).toMatchObject({
      ok: true,
      data: { read_seq: 3, delivered_seq: 3 },
    });
    for (const socket of [annas, ginas]) {
      await waitFor('both receipts', 5_000, () => socket.of('receipt.updated').length === 2);
      expect(socket.of('receipt.updated')).toMatchObject([
        { conversation_id: id, rev: 1, data: { read_seq: 0, delivered_seq: 2, user: { user_external_id: 'gina' } } },
        { conversation_id: id, rev: 2, data: { read_seq: 3, delivered_seq: 3 } },
      ]);
    }
    expect(await ginas.send('conversation.read', { conversation_id: id, seq: 9 })).toMatchObject({
      ok: false,
      error: { status: 400, code: 'seq_beyond_last' },
    });
    const eve = await tenant.socket('eve');
    expect(await eve.send('conversation.read', { conversation_id: id, seq: 1 })).toMatchObject({
      ok: false,
      error: { status: 404, code: 'conversation_not_found' },
    });
    const known = { [id]: { seq: 3, rev: 0 } };
    const synced = (await anna.post('/v1/sync', { conversations: known })).body.conversations[id];
    expect(synced).toMatchObject({ seq: 3, rev: 2, messages: [], has_more: false, conversation: { id, rev: 2 } });
    expect((await tenant.acting('gina').get(path)).body.unread_count).toBe(0);
  });

  it('keeps seq and rev without a gap, and every watermark, under sends and receipts of a whole room on two processes', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `room-${n}`);
    await tenant.users(...names);
    const shared = await tenant.room(names[0]!, names.slice(1));
    const { path } = shared;
    const refused: unknown[] = [];
    await Promise.all(
      names.map(async (name, at) => {
        for (let n = 1; n <= 8; n += 1) {
          const sent = await tenant.send(name, shared, {}, at % 2);
          const read = await tenant.acting(name, n % 2).put(`${path}/read`, { seq: sent.body.seq });
          if (sent.status !== 201 || read.status !== 200) refused.push(sent.body, read.body);
        }
      }),
    );
    expect(refused).toEqual([]);
    // Who has read by sending changes nothing by marking the same, at whichever process.
    const room = async () => (await tenant.acting(names[0]!).get(path)).body;
    await eventually(async () => expect(await room()).toMatchObject({ last_seq: 96, rev: 0 }));
    await Promise.all(names.map((name, at) => tenant.acting(name, at % 2).put(`${path}/read`, { seq: 96 })));
    const marks = await marksOf(tenant.acting(names[3]!), path);
    expect(Object.values(marks)).toEqual(names.map(() => [96, 96]));
    // All but the one who wrote last had something to read.
    expect(await room()).toMatchObject({ last_seq: 96, rev: 11 });
  });
});
