import { TIERS, sharedSystem, waitFor, type Room } from '#caas/testing';

const system = sharedSystem();

const FOUND_WITHIN_MS = 15_000;

describe.each(TIERS)('Search on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'eve');
  const [anna, ben, eve] = [tenant.as('anna'), tenant.as('ben'), tenant.as('eve')];
  let room: Room;
  beforeAll(async () => {
    room = await tenant.room('anna', ['ben'], { type: 'direct' });
  });

  const send = async (text: string, more: object = {}, to = room, by = 'anna') =>
    (await tenant.message(by, to, { text, ...more })).id;
  const search = (q: string, as = anna, more = '') => as.get(`/v1/search/messages?q=${encodeURIComponent(q)}${more}`);
  const ids = async (q: string, as = anna, more = '') =>
    ((await search(q, as, more)).body.data as { id: string }[]).map(({ id }) => id);
  const found = (id: string, q: string, as = anna) =>
    waitFor(`${q} is found`, FOUND_WITHIN_MS, async () => (await ids(q, as)).includes(id));

  it('finds every message that has all the words, whatever their case and accents, newest first', async () => {
    const first = await send('The crème brûlée was great');
    const second = await send('BRULEE again, please', { metadata: { a: 1 } });
    const reply = await send('no brûlée', { thread_root_id: first }, room, 'ben');
    await found(reply, 'brûlée');
    expect(await ids('brulee')).toEqual([reply, second, first]);
    expect(await ids('creme BRÛLÉE')).toEqual([first]);
    expect(await ids('brulee tiramisu')).toEqual([]);
    expect(await ids('brul')).toEqual([]);
    expect((await search('brulee again')).body).toMatchObject({
      data: [{ id: second, text: 'BRULEE again, please', own_reactions: [], conversation_id: room.id }],
      page: { has_more: false, next_cursor: null, limit: 20, direction: 'backward' },
      scope: 'hot',
    });
  });

  it('finds what was sent over a socket on the other process, and in other scripts', async () => {
    const client = await tenant.socket('ben', 1);
    const { data } = await client.send('message.send', {
      conversation_id: room.id,
      client_message_id: 'live',
      text: '明日は東京に行きます',
    });
    await found(data.id, '東京');
    expect(await ids('東京', ben)).toEqual([data.id]);
  });

  it('pages through a word that many use, in both directions, without doubles or holes', async () => {
    const all: string[] = [];
    for (let n = 0; n < 13; n += 1) all.push(await send(`marmalade number ${n}`));
    await waitFor('all are found', FOUND_WITHIN_MS, async () => (await ids('marmalade')).length === all.length);
    for (const [direction, wanted] of [
      ['backward', all.toReversed()],
      ['forward', all],
    ] as const) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const { body } = await search('marmalade', ben, `&limit=5&direction=${direction}${cursor}`);
        seen.push(...(body.data as { id: string }[]).map(({ id }) => id));
        expect(body.page.has_more).toBe(body.page.next_cursor !== null);
        cursor = body.page.has_more ? `&cursor=${body.page.next_cursor}` : '';
      } while (cursor !== '');
      expect(seen).toEqual(wanted);
    }
  });

  it('is of one conversation when asked', async () => {
    const group = await tenant.room('anna', ['eve']);
    const here = await send('pineapple here');
    const there = await send('pineapple there', {}, group);
    await found(here, 'pineapple');
    await found(there, 'pineapple');
    expect(await ids('pineapple')).toEqual([there, here]);
    expect(await ids('pineapple', anna, `&conversation_id=${group.id}`)).toEqual([there]);
    expect(await ids('pineapple', eve)).toEqual([there]);
    expect(await ids('pineapple', ben)).toEqual([here]);
    expect(await search('pineapple', ben, `&conversation_id=${group.id}`)).toMatchObject({
      status: 404,
      body: { code: 'conversation_not_found' },
    });
  });

  it('follows edits, and forgets what was deleted at once', async () => {
    const edited = await send('walnut');
    const deleted = await send('walnut too');
    await found(deleted, 'walnut');
    await anna.patch(`/v1/messages/${edited}`, { text: 'hazelnut' });
    await anna.delete(`/v1/messages/${deleted}`);
    expect(await ids('walnut')).toEqual([]);
    await found(edited, 'hazelnut');
  });

  it('never finds what is encrypted, in its text either', async () => {
    const secret = await send('kumquat', { encrypted: 'aGVsbG8=' });
    const open = await send('kumquat in the open');
    await found(open, 'kumquat');
    expect(await ids('kumquat')).toEqual([open]);
    expect((await anna.get(`/v1/messages/${secret}`)).body.encrypted).toBe('aGVsbG8=');
  });

  it('takes operators of other search languages for punctuation', async () => {
    const id = await send('a phrase of apricot words');
    await found(id, 'apricot');
    expect(await ids('"words apricot"')).toEqual([id]);
    expect(await ids('apricot -phrase')).toEqual([id]);
    expect(await ids('$where apricot')).toEqual([]);
  });

  it.each([
    ['', 'validation_failed'],
    ['q=', 'validation_failed'],
    [`q=${'x'.repeat(257)}`, 'validation_failed'],
    ['q=%E2%80%A6%20!!', 'invalid_query'],
    ['q[$ne]=x', null],
    ['q=x&q=y', null],
    ['q=x&$where=1', null],
    ['q=x&conversation_id=1', 'validation_failed'],
    ['q=x&cursor=1', 'invalid_cursor'],
    ['q=x&limit=0', 'invalid_limit'],
  ])('refuses ?%s', async (query, code) => {
    const answer = await anna.get(`/v1/search/messages?${query}`);
    expect(answer.status).toBe(400);
    if (code !== null) expect(answer.body.code).toBe(code);
  });
});
