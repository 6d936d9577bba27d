import type { Tier } from '#caas/kernel';
import { waitFor, type Answer, type Caller, type TenantSession, type TestSystem } from '#caas/testing';
import { SignalDevice } from '../../support/signal-device';
import { b64, creation } from '../../support/tus';

/** What stands in every text that only B may ever read. */
export const CANARY = 'CANARY-of-B';

/** Later than any test. */
export const NEXT_WEEK = new Date(Date.now() + 7 * 24 * 60 * 60_000).toISOString();

/** Ids of things in B's hands, and ids of nothing, in the same form. */
export interface Ids {
  conversation: string;
  message: string;
  poll: string;
  option: string;
  session: string;
  user: string;
  device: string;
  group: string;
  invite: string;
  scheduled: string;
  post: string;
  file: string;
  upload: string;
  moderationCase: string;
}

export const RANDOM_IDS: Ids = {
  conversation: 'd'.repeat(24),
  message: 'c'.repeat(24),
  poll: '0'.repeat(24),
  option: '1'.repeat(24),
  session: 'b'.repeat(24),
  user: 'nobody-here',
  device: 'no-device',
  group: 'e'.repeat(24),
  invite: 'f'.repeat(24),
  scheduled: 'a'.repeat(24),
  post: '9'.repeat(24),
  file: '1'.repeat(24),
  upload: '2'.repeat(24),
  moderationCase: '3'.repeat(24),
};

/** Two tenants of one tier that look alike: the same external ids, the same client_message_ids; B's texts are canaries. */
export class World {
  idsOfA: Ids;
  idsOfB: Ids;

  private constructor(
    readonly system: TestSystem,
    readonly tier: Tier,
    readonly a: TenantSession,
    readonly b: TenantSession,
  ) {}

  static async create(system: TestSystem, tier: Tier): Promise<World> {
    const world = new World(system, tier, await system.tenant(tier), await system.tenant(tier));
    world.idsOfA = await fill(world.a, 'of-A');
    return world;
  }

  /** B begins empty, so that what A sees can be compared before and after. */
  async fillB(): Promise<void> {
    this.idsOfB = await fill(this.b, CANARY);
    await this.b.server().put('/v1/users/only-b', { display_name: `${CANARY} user` });
  }

  /** Everything of B as B sees it: to show that nothing of it changed. */
  async portraitOfB(): Promise<string> {
    return JSON.stringify(await portrait(this.b, this.idsOfB));
  }

  async portraitOfA(): Promise<string> {
    return JSON.stringify(await portrait(this.a, this.idsOfA));
  }
}

const groupReads = (caller: Caller, group: string) =>
  ['', '/bans', '/invites'].map((part) => caller.get(`/v1/groups/${group}${part}`));

const postReads = (caller: Caller, post: string) =>
  ['', '/reactions', '/viewers'].map((part) => caller.get(`/v1/posts/${post}${part}`));

async function portrait(tenant: TenantSession, { conversation, group, post }: Ids): Promise<unknown[]> {
  const anna = tenant.acting('anna');
  const reads = [
    tenant.server().get('/v1/users?limit=100&direction=forward'),
    anna.get('/v1/conversations?limit=100'),
    anna.get(`/v1/conversations/${conversation}`),
    anna.get(`/v1/conversations/${conversation}/messages?limit=100`),
    anna.get('/v1/users/me/devices'),
    anna.get('/v1/users/me/devices/phone/keys/status'),
    anna.get('/v1/key-log?limit=100'),
    anna.get(`/v1/conversations/${conversation}/members`),
    anna.get('/v1/groups'),
    ...groupReads(anna, group),
    anna.get('/v1/users/me/relationships'),
    anna.get('/v1/scheduled-messages'),
    anna.get('/v1/posts'),
    ...postReads(anna, post),
    anna.get('/v1/files'),
    tenant.server().get('/v1/moderation/cases'),
    anna.post('/v1/sync', { conversations: { [conversation]: { seq: 0, rev: 0 } } }),
  ];
  return (await Promise.all(reads)).map(({ status, body }) => [status, withoutTimes(body)]);
}

/** When somebody was last seen moves by itself. */
function withoutTimes(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body, (key, value: unknown) => (key === 'last_seen_at' ? undefined : value)),
  ) as unknown;
}

async function fill(tenant: TenantSession, text: string): Promise<Ids> {
  for (const who of ['anna', 'ben']) await tenant.server().put(`/v1/users/${who}`, { display_name: `${who} ${text}` });
  const anna = tenant.as('anna');
  const { body: sessions } = await anna.get('/v1/users/me/sessions');
  await anna.put('/v1/users/me/devices/phone', { platform: 'ios', name: `phone ${text}` });
  await anna.put('/v1/users/me/devices/phone/keys', new SignalDevice('anna').upload(2));
  await anna.put('/v1/users/me/relationships/ben', { type: 'friend' });
  const conversation = await tenant.room('anna', ['ben'], { type: 'direct', metadata: { text } });
  const hello = { client_message_id: 'same-in-both', text: `hello ${text}` };
  const message = await tenant.message('anna', conversation, hello);
  const poll = await tenant.message('anna', conversation, {
    client_message_id: 'same-poll-in-both',
    type: 'poll',
    poll: { question: `which ${text}?`, options: [{ text: `this ${text}` }, { text: `that ${text}` }] },
  });
  await anna.put(`/v1/messages/${poll.id}/votes`, { option_ids: [poll.poll.options[0].id] });
  const { body: group } = await anna.post('/v1/groups', { name: `group ${text}`, member_ids: ['ben'] });
  const { body: invite } = await anna.post(`/v1/groups/${group.id}/invites`, {});
  const { body: scheduled } = await anna.post(`${conversation.path}/scheduled-messages`, {
    text: `later ${text}`,
    send_at: NEXT_WEEK,
  });
  const { body: post } = await anna.post('/v1/posts', { kind: 'story', visibility: 'public', text: `posted ${text}` });
  await tenant.acting('ben').put(`/v1/posts/${post.id}/reactions/👍`);
  await tenant.acting('ben').put(`/v1/posts/${post.id}/view`);
  const form = new FormData();
  form.append('file', new Blob([text], { type: 'text/plain' }), `${text}.txt`);
  const file = (await (await anna.raw('POST', '/v1/files', {}, form)).json()) as { id: string };
  // What the worker makes of it must not come between two looks at the tenant.
  await waitFor(
    'the file is ready',
    20_000,
    async () => (await anna.get(`/v1/files/${file.id}`)).body.status === 'ready',
  );
  const upload = await anna.raw('POST', '/v1/files/uploads', creation(10, `filename ${b64(text)}`));
  await tenant.acting('ben').post(`/v1/messages/${message.id}/reports`, { reason: 'other', detail: `report ${text}` });
  const { body: cases } = await tenant.server().get('/v1/moderation/cases');
  return {
    conversation: conversation.id,
    message: message.id,
    poll: poll.id,
    option: poll.poll.options[0].id,
    session: sessions.data[0].id,
    user: 'only-b',
    device: 'phone',
    group: group.id,
    invite: invite.id,
    scheduled: scheduled.id,
    post: post.id,
    file: file.id,
    upload: upload.headers.get('location')!.split('/').at(-1)!,
    moderationCase: cases.data[0].id,
  };
}

/** An answer without what differs between any two answers, and without the ids that the question itself named. */
export function comparable({ status, body }: Answer, named: Partial<Ids>): string {
  let text = JSON.stringify({ status, body });
  text = text.replaceAll(/"request_id":"[^"]*"/g, '"request_id":""');
  for (const [kind, id] of Object.entries(named)) text = text.replaceAll(id, `<${kind}>`);
  return text;
}
