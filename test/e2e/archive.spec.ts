import { eventually, sharedSystem, TIERS, type Room, type TenantSession } from '#caas/testing';
import { commandsInTurn } from '../support/command-line';

/** As the shared system has it. */
const ENVIRONMENT = { ARCHIVE_TRUST: '300ms' };
const THUMB = encodeURIComponent('👍');
/** What a client may remember of the conversation: a seq and a rev. */
const POSITIONS = [
  [0, 0],
  [7, 3],
  [20, 7],
  [37, 10],
] as const;

const system = sharedSystem();

const run = commandsInTurn(system, ENVIRONMENT);
const caas = (...words: string[]) => run(words);

interface Talk extends Room {
  ids: string[];
  named: Record<'root' | 'poll' | 'edited' | 'gone' | 'liked' | 'pinned' | 'mention', string>;
}

/** A conversation in which everything has happened that can happen to a message. */
async function talk(tenant: TenantSession): Promise<Talk> {
  const [anna, ben] = callers(tenant);
  const room = await tenant.room('anna', ['ben'], { name: 'Room' });
  const ids: string[] = [];
  const send = async (who: 'anna' | 'ben', client_message_id: string, more: object = {}): Promise<string> => {
    const fields = { client_message_id, text: `hello ${client_message_id}`, ...more };
    const { id } = await tenant.message(who, room, fields, who === 'anna' ? 0 : 1);
    ids.push(id as string);
    return id as string;
  };
  const root = await send('anna', 'root');
  for (let n = 0; n < 4; n += 1) await send(n % 2 ? 'anna' : 'ben', `reply-${n}`, { thread_root_id: root });
  const mention = await send('ben', 'mention', { mentions: ['anna'], metadata: { a: [1, 2.5] } });
  const liked = await send('anna', 'liked', { reply_to_id: root });
  await ben.put(`/v1/messages/${liked}/reactions/${THUMB}`);
  await anna.put(`/v1/messages/${liked}/reactions/${THUMB}`);
  const poll = await send('anna', 'poll', {
    type: 'poll',
    poll: { question: 'More?', options: [{ text: 'yes' }, { text: 'no' }] },
  });
  const { body: asked } = await ben.get(`/v1/messages/${poll}`);
  await ben.put(`/v1/messages/${poll}/votes`, { option_ids: [asked.poll.options[1].id] });
  const edited = await send('anna', 'edited');
  for (const text of ['once', 'twice']) await anna.patch(`/v1/messages/${edited}`, { text });
  const gone = await send('anna', 'gone');
  await anna.delete(`/v1/messages/${gone}`);
  const pinned = await send('ben', 'pinned');
  await anna.put(`/v1/messages/${pinned}/pin`);
  await anna.put(`/v1/messages/${edited}/pin`);
  await anna.post(`/v1/messages/${liked}/forward`, { conversation_id: room.id, client_message_id: 'forward' });
  for (let n = 0; n < 25; n += 1) await send(n % 2 ? 'anna' : 'ben', `more-${n}`);
  return { ...room, ids, named: { root, poll, edited, gone, liked, pinned, mention } };
}

/** One at each api. */
const callers = (tenant: TenantSession) => [tenant.acting('anna'), tenant.acting('ben', 1)] as const;

/** Every answer in which a message can stand, of both members. */
async function portrait(tenant: TenantSession, { path, id, ids, named }: Talk): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  const [anna, ben] = callers(tenant);
  const messages = `${path}/messages`;
  for (const [who, caller] of Object.entries({ anna, ben })) {
    const get = async (path: string) => {
      const { status, body, etag } = await caller.get(path);
      // The digest is of `updated_at` too, which a job of the archive may move.
      answers[`${who} ${path}`] = { status, body, etag: etag?.replace(/-.*/, '') };
      return body;
    };
    const paths = [
      ...['', '?limit=7', '?direction=forward&limit=100', '?after_seq=5&limit=3', '?before_seq=9', '?around_seq=8'].map(
        (query) => messages + query,
      ),
      `${messages}?around_seq=30&limit=5&direction=forward`,
      `${messages}?cursor=${ids[20]}`,
      `${messages}?cursor=${ids[3]}&direction=forward&limit=4`,
      `${messages}?thread_root_id=${named.root}`,
      `${messages}?thread_root_id=${named.root}&direction=forward&limit=2`,
      `${messages}?thread_root_id=${named.root}&limit=2&before_seq=5`,
      `${messages}?pinned=true`,
      `${messages}?pinned=true&limit=1`,
      ...Object.values(named).map((message) => `/v1/messages/${message}`),
      `/v1/messages/${named.edited}/history`,
      `/v1/messages/${named.edited}/history?limit=1&direction=forward`,
      `/v1/messages/${named.gone}/history`,
      `/v1/messages/${named.liked}/reactions`,
      `/v1/messages/${named.liked}/reactions?limit=1&direction=forward`,
      `/v1/messages/${named.poll}/votes`,
      `/v1/mentions`,
      `/v1/mentions?direction=forward&limit=1`,
      `/v1/conversations`,
      path,
      `${path}/receipts`,
    ];
    for (const each of paths) await get(each);
    for (const [seq, rev] of POSITIONS) {
      for (const limit of [5, 100]) {
        const { body } = await caller.post('/v1/sync', { conversations: { [id]: { seq, rev } }, limit });
        answers[`${who} sync ${seq} ${rev} ${limit}`] = body;
      }
    }
    // To the end, page by page, each message once.
    const seqs: number[] = [];
    for (let cursor: string | null = null; ;) {
      const page = (await caller.get(`${messages}?limit=6${cursor === null ? '' : `&cursor=${cursor}`}`)).body;
      seqs.push(...page.data.map(({ seq }: { seq: number }) => seq));
      cursor = page.page.next_cursor as string | null;
      if (cursor === null) break;
    }
    answers[`${who} pages`] = seqs;
  }
  return JSON.parse(JSON.stringify(answers, withoutRowTimes)) as Record<string, unknown>;
}

/** The number that tells of the archive is in the conversation's row, whose time moves with it. */
function withoutRowTimes(key: string, value: unknown): unknown {
  if (key === 'request_id') return undefined;
  const row = value as { member_count?: number; updated_at?: string } | null;
  return typeof row === 'object' && row?.member_count !== undefined ? { ...row, updated_at: null } : value;
}

const codeOf = ({ status, body }: { status: number; body: { code?: string } | null }) => [status, body?.code];

describe.each(TIERS)('Cold storage on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carol');
  const [anna, ben] = callers(tenant);
  let room: Talk;
  let before: Record<string, unknown>;
  beforeAll(async () => {
    room = await talk(tenant);
    // All that was sent, and the one that was forwarded, is in both inboxes.
    const last_seq = room.ids.length + 1;
    await eventually(async () => {
      for (const caller of callers(tenant)) expect((await caller.get(room.path)).body).toMatchObject({ last_seq });
    });
    before = await portrait(tenant, room);
    const { code, found } = await caas('archive', 'run', '--tenant', tenant.id, '--after-days', '0');
    expect([code, found.failed]).toEqual([0, []]);
    expect(found.pruned).toBe(found.messages);
    expect(found.messages).toBeGreaterThan(30);
  });

  it('answers as it did before everything was archived', async () => {
    const after = await portrait(tenant, room);
    for (const [path, answer] of Object.entries(before)) expect([path, after[path]]).toEqual([path, answer]);
  });

  it('keeps its counters', async () => {
    const { code, found } = await caas('messaging', 'verify', '--tenant', tenant.id);
    expect([code, found.drifts]).toEqual([0, []]);
    expect(await caas('archive', 'verify', '--tenant', tenant.id)).toMatchObject({ code: 0, found: { damaged: 0 } });
  });

  it('does not let archived messages be changed', async () => {
    const { named } = room;
    const { body: poll } = await ben.get(`/v1/messages/${named.poll}`);
    const refused = [
      anna.patch(`/v1/messages/${named.root}`, { text: 'other' }),
      anna.delete(`/v1/messages/${named.root}`),
      anna.put(`/v1/messages/${named.root}/reactions/${THUMB}`),
      anna.delete(`/v1/messages/${named.liked}/reactions/${THUMB}`),
      ben.put(`/v1/messages/${named.poll}/votes`, { option_ids: [poll.poll.options[0].id] }),
      anna.post(`/v1/messages/${named.poll}/poll/close`),
    ];
    for (const answer of await Promise.all(refused)) expect(codeOf(answer)).toEqual([409, 'message_archived']);
    // Who may not do it anyway hears that first.
    expect(codeOf(await ben.patch(`/v1/messages/${named.root}`, { text: 'x' }))).toEqual([403, 'not_your_message']);
  });

  it('shows an archived message to moderators, and leaves a case open whose message cannot be deleted', async () => {
    const { edited } = room.named;
    const [, ben] = callers(tenant);
    expect((await ben.post(`/v1/messages/${edited}/reports`, { reason: 'spam' })).status).toBe(201);
    const { body } = await tenant.server().get('/v1/moderation/cases?status=open');
    const { id } = body.data.find(({ target }: { target: { id: string } }) => target.id === edited);
    const path = `/v1/moderation/cases/${id}`;
    expect((await tenant.server().get(path)).body).toMatchObject({ message: { id: edited, text: 'twice' } });
    expect(await tenant.server().post(`${path}/decisions`, { decision: 'delete_message' })).toMatchObject({
      status: 409,
      body: { code: 'message_archived' },
    });
    expect((await tenant.server().get(path)).body).toMatchObject({ status: 'open', decision: null });
    expect((await tenant.server().post(`${path}/decisions`, { decision: 'dismiss' })).status).toBe(201);
  });

  it('replays a send whose message is archived, and refuses its id for another', async () => {
    for (const api of [0, 1]) {
      const again = await tenant.send('anna', room, { client_message_id: 'root', text: 'hello root' }, api);
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
      expect(again.body.id).toBe(room.named.root);
    }
    const other = await tenant.send('anna', room, { client_message_id: 'root', text: 'other' });
    expect(codeOf(other)).toEqual([422, 'idempotency_mismatch']);
  });

  it('goes on with threads and pins of archived messages, and tells of them', async () => {
    const { id, path, named } = room;
    const { body: known } = await anna.get(path);
    const fields = { thread_root_id: named.root, reply_to_id: named.liked };
    const reply = await tenant.message('ben', room, fields, 1);
    const { body: root } = await anna.get(`/v1/messages/${named.root}`);
    expect(root).toMatchObject({ reply_count: 5, last_repliers: [{ user_external_id: 'ben' }, expect.anything()] });
    await anna.delete(`/v1/messages/${named.edited}/pin`);
    await anna.put(`/v1/messages/${named.root}/pin`);
    const pinned = (await ben.get(`${path}/messages?pinned=true`)).body.data;
    expect(pinned.map((each: { id: string }) => each.id)).toEqual([named.pinned, named.root]);
    const thread = (await anna.get(`${path}/messages?thread_root_id=${named.root}&limit=2`)).body;
    expect(thread.data[0].id).toBe(reply.id);
    expect(thread.page.has_more).toBe(true);
    const position = { seq: known.last_seq, rev: known.rev };
    const { body: synced } = await anna.post('/v1/sync', { conversations: { [id]: position } });
    const told = synced.conversations[id].messages.map((each: { id: string }) => each.id);
    expect(told).toEqual([named.edited, named.root, reply.id]);
    await ben.delete(`/v1/messages/${reply.id}`);
    expect((await anna.get(`/v1/messages/${named.root}`)).body.reply_count).toBe(4);
    const { found } = await caas('messaging', 'verify', '--tenant', tenant.id);
    expect(found.drifts).toEqual([]);
  });

  it('shows present names, and searches what is hot', async () => {
    const { id, named } = room;
    await ben.patch('/v1/users/me', { display_name: 'Benjamin' });
    const { body } = await anna.get(`/v1/messages/${named.pinned}`);
    expect(body.sender.user_display_name).toBe('Benjamin');
    const found = (await anna.get(`/v1/search/messages?q=hello&conversation_id=${id}`)).body;
    expect([found.scope, found.data]).toEqual(['hot', []]);
    const forwarded = await anna.post(`/v1/messages/${named.liked}/forward`, {
      conversation_id: id,
      client_message_id: 'forward-later',
    });
    expect(forwarded.body).toMatchObject({ text: 'hello liked', forwarded_from: { message_id: named.liked } });
  });

  it('does not exist for others', async () => {
    const other = await system.tenant(tier);
    const stranger = await other.user('anna');
    expect((await stranger.get(`/v1/messages/${room.named.root}`)).status).toBe(404);
    expect((await stranger.get(`${room.path}/messages`)).status).toBe(404);
    expect((await tenant.acting('carol').get(`/v1/messages/${room.named.root}`)).status).toBe(404);
  });

  it('comes back on demand', async () => {
    const { id, path, named } = room;
    const restored = await caas('archive', 'restore', '--tenant', tenant.id, '--conversation', id);
    expect(restored.code).toBe(0);
    expect(restored.found.messages).toBeGreaterThan(30);
    expect((await anna.patch(`/v1/messages/${named.root}`, { text: 'changed at last' })).status).toBe(200);
    const { body } = await anna.get(`${path}/messages?limit=100&direction=forward`);
    const seqs = body.data.map(({ seq }: { seq: number }) => seq);
    expect(seqs).toEqual(seqs.map((_: number, at: number) => at + 1));
    const { found } = await caas('messaging', 'verify', '--tenant', tenant.id);
    expect(found.drifts).toEqual([]);
  });
});
