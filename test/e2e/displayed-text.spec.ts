import { sharedSystem, TIERS, type Answer, type Caller, type LiveClient, type Room } from '#caas/testing';

const system = sharedSystem();

/** Nothing of them is seen; the kernel's spec has every such character. */
const BLANK = [
  ' ',
  '\t\n\u3000',
  '\u200b\u2060\ufeff',
  '\u00ad\ufe0f\u{e0067}',
  '\u202a\u202c',
  '\u3164\u115f',
  '\u2800',
];
/** No text at all, wherever it stands. */
const BROKEN = ['a\0', 'a\u001b[31m', 'a\rb', 'a\ud800', '\udc00', 7, {}, ['a']];
const NOT_IN_NAMES = ['two\nlines', 'x\u0085y', 'left \u202e', '\u2067ab', '\u202aab\u2069'];
const NAMES = ['Anna', 'שלום', '\u2067שלום\u2069 b', '👩‍👩‍👧 & co', 'a\u200fb', 'Z\u0301'];
const TEXTS = [...NAMES, 'two\nlines\tand\r\none', 'left \u202eright', '\u06dd'];

interface Place {
  field: string;
  set: (text: unknown) => Promise<Answer>;
  /** Where a text that was taken is found in the answer; null where it is not told. */
  of: (answer: Answer) => unknown;
}

describe.each(TIERS)('Texts that others are shown on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
  let server: Caller;
  let room: Room;
  let live: LiveClient;
  let group: string;
  let own: string;
  let caseId: string;
  let post: string;
  let scheduled: string;
  let file: string;

  beforeAll(async () => {
    server = tenant.server();
    room = await tenant.room('anna', ['ben']);
    live = await tenant.socket('anna', 1);
    group = `/v1/groups/${(await anna.post('/v1/groups', { name: 'Team', member_ids: ['ben'] })).body.id}`;
    own = (await tenant.send('anna', room)).body.id;
    await ben.post(`/v1/messages/${own}/reports`, { reason: 'spam' });
    caseId = (await server.get('/v1/moderation/cases')).body.data[0].id;
    post = (await anna.post('/v1/posts', { kind: 'post', visibility: 'public', text: 'x' })).body.id;
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const waiting = await anna.post(`${room.path}/scheduled-messages`, { text: 'x', send_at: later });
    scheduled = `/v1/scheduled-messages/${waiting.body.id}`;
    file = (await upload('a.txt')).body.id;
  });

  const upload = async (name: string): Promise<Answer> => {
    const form = new FormData();
    form.append('file', new File(['content'], name, { type: 'text/plain' }));
    const answer = await anna.raw('POST', '/v1/files', {}, form);
    return { status: answer.status, body: await answer.json() } as Answer;
  };
  let made = 0;
  const next = () => `made-${(made += 1)}`;
  const send = (message: object) => anna.post(`${room.path}/messages`, { client_message_id: next(), ...message });
  const over = async (event: string, payload: object): Promise<Answer> => {
    const answer = await live.send(event, payload);
    return { status: answer.error?.status ?? 200, body: answer.error ?? answer.data } as Answer;
  };
  const sendOver = (message: object) =>
    over('message.send', { conversation_id: room.id, client_message_id: next(), ...message });
  const poll = (question: unknown, option: unknown) => ({
    type: 'poll',
    poll: { question, options: [{ text: option }, { text: 'no' }] },
  });
  const platform = system.platform;
  const name = ({ body }: Answer) => body.name;
  const text = ({ body }: Answer) => body.text;

  const names: Record<string, Place> = {
    'a tenant': {
      field: 'name',
      set: (name) => platform.patch(`/platform/v1/tenants/${tenant.id}`, { name }),
      of: name,
    },
    'a user': {
      field: 'display_name',
      set: (display_name) => server.put('/v1/users/carl', { display_name }),
      of: ({ body }) => body.display_name,
    },
    oneself: {
      field: 'display_name',
      set: (display_name) => anna.patch('/v1/users/me', { display_name }),
      of: ({ body }) => body.display_name,
    },
    'a session': {
      field: 'session.name',
      set: (name) => server.post('/v1/users/carl/tokens', { session: { name } }),
      of: async () => (await tenant.acting('carl').get('/v1/users/me/sessions')).body.data[0].name,
    },
    'a device': {
      field: 'name',
      set: (name) => anna.put('/v1/users/me/devices/1', { platform: 'ios', name }),
      of: name,
    },
    'a new conversation': {
      field: 'name',
      set: (name) => anna.post('/v1/conversations', { type: 'group', member_ids: ['ben'], name }),
      of: name,
    },
    'a conversation': { field: 'name', set: (name) => anna.patch(room.path, { name }), of: name },
    'a new group': { field: 'name', set: (name) => anna.post('/v1/groups', { name }), of: name },
    'a group': { field: 'name', set: (name) => anna.patch(group, { name }), of: name },
    'an option of a poll': {
      field: 'poll.options.0.text',
      set: (option) => send(poll('Which?', option)),
      of: ({ body }) => body.poll.options[0].text,
    },
    'an option of a poll over a socket': {
      field: 'poll.options.0.text',
      set: (option) => sendOver(poll('Which?', option)),
      of: ({ body }) => body.poll.options[0].text,
    },
  };

  const texts: Record<string, Place> = {
    'the question of a poll': {
      field: 'poll.question',
      set: (question) => send(poll(question, 'yes')),
      of: ({ body }) => body.poll.question,
    },
    'the description of a group': {
      field: 'description',
      set: (description) => anna.patch(group, { description }),
      of: ({ body }) => body.description,
    },
    'the reason of a ban': {
      field: 'reason',
      set: (reason) => anna.put(`${group}/bans/carl`, { reason }),
      of: ({ body }) => body.reason,
    },
    'the words of a report': {
      field: 'detail',
      set: (detail) => ben.post(`/v1/messages/${own}/reports`, { reason: 'spam', detail }),
      of: () => null,
    },
    'the note of a decision': {
      field: 'note',
      set: (note) => server.post(`/v1/moderation/cases/${caseId}/decisions`, { decision: 'dismiss', note }),
      of: () => null,
    },
  };

  /** Blank ones are none, which is right where there is something else. */
  const optional: Record<string, Place & { beside: (text: unknown) => Promise<Answer> }> = {
    'a message': {
      field: 'text',
      set: (text) => send({ text }),
      beside: (text) => send({ text, attachments: [{ file_id: file }] }),
      of: text,
    },
    'a message over a socket': {
      field: 'text',
      set: (text) => sendOver({ text }),
      beside: (text) => sendOver({ text, encrypted: 'AAAA' }),
      of: text,
    },
    'an edited message': {
      field: 'text',
      set: (text) => anna.patch(`/v1/messages/${own}`, { text, encrypted: null }),
      beside: (text) => anna.patch(`/v1/messages/${own}`, { text, encrypted: 'AAAA' }),
      of: text,
    },
    'a message edited over a socket': {
      field: 'text',
      set: (text) => over('message.edit', { message_id: own, text, encrypted: null }),
      beside: (text) => over('message.edit', { message_id: own, text, encrypted: 'AAAA' }),
      of: text,
    },
    'a scheduled message': {
      field: 'text',
      set: (text) => anna.patch(scheduled, { text, encrypted: null }),
      beside: (text) => anna.patch(scheduled, { text, encrypted: 'AAAA' }),
      of: ({ body }) => body.message.text,
    },
    'a new post': {
      field: 'text',
      set: (text) => anna.post('/v1/posts', { kind: 'post', visibility: 'public', text }),
      beside: (text) => anna.post('/v1/posts', { kind: 'post', visibility: 'public', text, file_ids: [file] }),
      of: text,
    },
  };

  const expectRefused = async ({ field, set }: Place, refused: unknown[]) => {
    for (const value of refused) {
      const { status, body } = await set(value);
      expect([value, status, body.errors?.[0]?.field]).toEqual([value, 400, field]);
    }
  };
  const expectTaken = async ({ set, of }: Place, taken: string[]) => {
    for (const value of taken) {
      const answer = await set(value);
      const shown = await of(answer);
      expect([value, answer.status === 400, shown]).toEqual([value, false, shown === null ? null : value]);
    }
  };

  it.each(Object.entries(names))('name %s as it can be read', async (_, place) => {
    await expectRefused(place, [...BLANK, ...BROKEN, ...NOT_IN_NAMES]);
    await expectTaken(place, NAMES);
  });

  it.each(Object.entries(texts))('are well-formed and not blank: %s', async (_, place) => {
    await expectRefused(place, [...BLANK, ...BROKEN]);
    await expectTaken(place, TEXTS);
  });

  it.each(Object.entries(optional))('are none when they are blank: %s', async (_, place) => {
    await expectRefused(place, [...BLANK, ...BROKEN]);
    await expectTaken(place, TEXTS);
    for (const value of ['', ...BLANK]) {
      const answer = await place.beside(value);
      expect([value, answer.status < 300, await place.of(answer)]).toEqual([
        value,
        true,
        place.of === text ? null : undefined,
      ]);
    }
    for (const value of BROKEN) expect([value, (await place.beside(value)).status]).toEqual([value, 400]);
  });

  it('are none when they are blank: a post that had one', async () => {
    const path = `/v1/posts/${post}`;
    expect(await anna.patch(path, { text: ' \u200b' })).toMatchObject({ status: 400, body: { code: 'empty_post' } });
    expect(await anna.patch(path, { text: 'y\u202e' })).toMatchObject({ status: 200, body: { text: 'y\u202e' } });
  });

  it.each([
    ['yes', 'YES'],
    ['yes', 'ｙｅｓ'],
    ['yes', ' yes\u200b'],
    ['a b', 'a \u00a0b'],
    ['é', 'e\u0301'],
    ['Straße', 'STRASSE'],
    ['❤', '❤\ufe0f'],
  ])('offer no two options that read the same: %j and %j', async (one, other) => {
    const options = { type: 'poll', poll: { question: 'Which?', options: [{ text: one }, { text: other }] } };
    const duplicate = { status: 400, body: { code: 'duplicate', errors: [{ field: 'poll.options' }] } };
    expect(await send(options)).toMatchObject(duplicate);
    expect(await sendOver(options)).toMatchObject(duplicate);
  });

  it('offer options that read differently', async () => {
    const options = ['e', 'é', 'f', 'e f', 'ef', '👍', '👍🏽'].map((text) => ({ text }));
    expect((await send({ type: 'poll', poll: { question: 'Which?', options } })).status).toBe(201);
  });

  it('name a file by what is left of its name, and "file" when nothing of that is seen', async () => {
    for (const [given, shown] of [
      ['\u200b\u3164', 'file'],
      ['\u202e\u2066', 'file'],
      ['gpj.\u202eexe', 'gpj.exe'],
      ['a\u2028b.txt', 'ab.txt'],
    ] as const)
      expect(await upload(given)).toMatchObject({ status: 201, body: { name: shown } });
  });

  it('react with what is seen', async () => {
    for (const emoji of ['\u3164', '\u2800', '\u00a0', '\u200d'])
      expect(await over('reaction.add', { message_id: own, emoji })).toMatchObject({ status: 400 });
  });
});
