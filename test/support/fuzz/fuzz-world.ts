import type { Tier } from '#caas/kernel';
import type { TenantSession, TestSystem } from '#caas/testing';
import { b64, creation } from '../tus';
import { SignalDevice } from '../signal-device';
import type { Sensible } from './body-of-schema';
import type { Actor, RestWorld } from './rest-calls';

const NEXT_WEEK = new Date(Date.now() + 7 * 24 * 60 * 60_000).toISOString();

/** A tenant with one of each thing, for calls to be made about. */
export class FuzzWorld implements RestWorld {
  private calls = 0;

  private constructor(
    private readonly tenant: TenantSession,
    private readonly operator: string,
    readonly token: string,
    private readonly things: Sensible,
  ) {}

  static async create(system: TestSystem, tier: Tier): Promise<FuzzWorld> {
    const tenant = await system.tenant(tier);
    const victim = await system.tenant('free');
    await tenant.users('anna', 'ben', 'eve');
    const things = await fill(tenant);
    return new FuzzWorld(tenant, system.platformKey, await tenant.token('anna'), { ...things, victim: victim.id });
  }

  get url(): string {
    return this.tenant.urlOf(0);
  }

  /** A name of a message stands for one message. */
  get sensible(): Sensible {
    this.calls += 1;
    return { ...this.things, client_message_id: `call-${this.calls}`, token: this.token };
  }

  headersOf(actor: Actor): Record<string, string> {
    switch (actor) {
      case 'user':
        return bearer(this.token);
      case 'acting':
        return { ...bearer(this.tenant.serverKey), 'x-acting-user': 'anna' };
      case 'server':
        return bearer(this.tenant.serverKey);
      case 'operator':
        return bearer(this.operator);
      case 'stranger':
        return bearer(`${this.token}x`);
      case 'nobody':
        return {};
    }
  }

  close(): Promise<void> {
    return this.tenant.close();
  }
}

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

/** Values by the names of fields and parameters that hold them. */
async function fill(tenant: TenantSession): Promise<Sensible> {
  const anna = tenant.as('anna');
  const room = await tenant.room('anna', ['ben', 'eve']);
  const { body: message } = await tenant.send('anna', room);
  const options = [{ text: 'this' }, { text: 'that' }];
  const { body: poll } = await tenant.send('anna', room, { type: 'poll', poll: { question: 'which?', options } });
  const { body: group } = await anna.post('/v1/groups', { name: 'group', member_ids: ['ben'] });
  const { body: invite } = await anna.post(`/v1/groups/${group.id}/invites`, {});
  const { body: post } = await anna.post('/v1/posts', { kind: 'post', visibility: 'public', text: 'posted' });
  const { body: scheduled } = await anna.post(`${room.path}/scheduled-messages`, { text: 'later', send_at: NEXT_WEEK });
  const { body: sessions } = await anna.get('/v1/users/me/sessions');
  await anna.put('/v1/users/me/devices/phone', { platform: 'ios' });
  await anna.put('/v1/users/me/devices/phone/keys', new SignalDevice('anna').upload(2));
  const form = new FormData();
  form.append('file', new Blob(['text'], { type: 'text/plain' }), 'text.txt');
  const file = (await (await anna.raw('POST', '/v1/files', {}, form)).json()) as { id: string };
  const upload = await anna.raw('POST', '/v1/files/uploads', creation(10, `filename ${b64('upload')}`));
  await tenant.acting('ben').post(`/v1/messages/${message.id}/reports`, { reason: 'other' });
  const { body: cases } = await tenant.server().get('/v1/moderation/cases');
  return {
    'id of conversations': room.id,
    'id of messages': message.id,
    'id of groups': group.id,
    'id of posts': post.id,
    'id of files': file.id,
    'id of uploads': upload.headers.get('location')!.split('/').at(-1)!,
    'id of scheduled-messages': scheduled.id,
    'id of moderation': cases.data[0].id,
    'id of users': sessions.data[0].id,
    conversation_id: room.id,
    message_id: message.id,
    reply_to_id: message.id,
    poll_id: poll.id,
    option_id: poll.poll.options[0].id,
    option_ids: [poll.poll.options[0].id],
    conversations: { [room.id]: { seq: 0, rev: 0 } },
    external_id: 'ben',
    external_ids: 'ben,eve',
    member_ids: ['ben'],
    mentions: ['ben'],
    device_id: 'phone',
    invite_id: invite.id,
    key_id: 'x',
    kid: 'x',
    file_ids: [],
    attachments: [],
    emoji: '👍',
    text: 'text',
    name: 'name',
    display_name: 'name',
    code: 'x',
    type: 'group',
    history: 'all',
    seq: 1,
    limit: '5',
    cursor: message.id,
    direction: 'forward',
    q: 'text',
    metadata: { a: { constructor: 1 } },
    avatar_file_id: null,
    thread_root_id: message.id,
    send_at: NEXT_WEEK,
    muted_until: NEXT_WEEK,
    status: 'active',
    presence: 'away',
    tier: 'free',
    expires_in: 60,
    database_uri: undefined,
    jwks_url: undefined,
    public_key: undefined,
  };
}
