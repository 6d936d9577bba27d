import type { Answer, Caller, Room, TenantSession } from '#caas/testing';

/** What an attempt at the other process says of a right that is to be gone. */
export type Verdict = 'held' | 'refused';

/** One round: somebody acts or listens at the other process while the right to it is taken away at this one. */
export interface Round {
  /** Again and again, at the other process. */
  attempt(): Promise<Verdict>;
  /** At the first process; resolves with the answer. */
  change(): Promise<Answer>;
  /** Whose socket at the other process must hear no more of the room. */
  deaf?: { user: string; room: Room };
}

export interface Change {
  name: string;
  round(tenant: TenantSession, at: number): Promise<Round>;
}

const [HERE, THERE] = [0, 1];
const held = ({ status }: Answer): Verdict => (status < 300 ? 'held' : 'refused');

const sends = (tenant: TenantSession, sender: string, room: Room) => async () =>
  held(await tenant.send(sender, room, {}, THERE));

async function people(tenant: TenantSession, at: number): Promise<{ owner: string; other: string; admin: Caller }> {
  const [owner, other] = [`owner${at}`, `other${at}`];
  await tenant.users(owner, other);
  return { owner, other, admin: tenant.acting(owner, HERE) };
}

export const CHANGES: Change[] = [
  {
    name: 'block',
    round: async (tenant, at) => {
      const { owner, other, admin } = await people(tenant, at);
      const room = await tenant.room(owner, [other], { type: 'direct' });
      const path = `/v1/users/me/relationships/${other}`;
      return { attempt: sends(tenant, other, room), change: () => admin.put(path, { type: 'block' }) };
    },
  },
  {
    // The right comes instead of going: what was refused is to be accepted.
    name: 'unblock',
    round: async (tenant, at) => {
      const { owner, other, admin } = await people(tenant, at);
      const room = await tenant.room(owner, [other], { type: 'direct' });
      const path = `/v1/users/me/relationships/${other}`;
      await admin.put(path, { type: 'block' });
      const send = sends(tenant, other, room);
      return {
        attempt: async () => ((await send()) === 'held' ? 'refused' : 'held'),
        change: () => admin.delete(`${path}?type=block`),
      };
    },
  },
  {
    name: 'removal',
    round: async (tenant, at) => {
      const { owner, other, admin } = await people(tenant, at);
      const room = await tenant.room(owner, [other]);
      const change = () => admin.delete(`${room.path}/members/${other}`);
      return { attempt: sends(tenant, other, room), change, deaf: { user: other, room } };
    },
  },
  {
    name: 'ban',
    round: async (tenant, at) => {
      const { other, admin } = await people(tenant, at);
      const { body } = await admin.post('/v1/groups', { name: 'group', member_ids: [other] });
      const room = { id: body.conversation_id, path: `/v1/conversations/${body.conversation_id}` } as Room;
      const change = () => admin.put(`/v1/groups/${body.id}/bans/${other}`, {});
      return { attempt: sends(tenant, other, room), change, deaf: { user: other, room } };
    },
  },
  {
    name: 'demotion',
    round: async (tenant, at) => {
      const { other, admin } = await people(tenant, at);
      const { body } = await admin.post('/v1/groups', { name: 'news', type: 'channel', member_ids: [other] });
      const member = `/v1/groups/${body.id}/members/${other}`;
      await admin.put(member, { role: 'moderator' });
      const room = { id: body.conversation_id, path: `/v1/conversations/${body.conversation_id}` } as Room;
      return { attempt: sends(tenant, other, room), change: () => admin.put(member, { role: 'member' }) };
    },
  },
  {
    name: 'history',
    round: async (tenant, at) => {
      const { owner, other, admin } = await people(tenant, at);
      const room = await tenant.room(owner, []);
      const { id } = await tenant.message(owner, room);
      await admin.post(`${room.path}/members`, { member_ids: [other] });
      const reader = tenant.acting(other, THERE);
      return {
        attempt: async () => held(await reader.get(`/v1/messages/${id}`)),
        change: () => admin.patch(room.path, { history: 'joined' }),
      };
    },
  },
  {
    name: 'end of a conversation',
    round: async (tenant, at) => {
      const { owner, other, admin } = await people(tenant, at);
      const room = await tenant.room(owner, [other]);
      const change = () => admin.delete(room.path);
      return { attempt: sends(tenant, other, room), change, deaf: { user: other, room } };
    },
  },
  {
    name: 'deactivation',
    round: async (tenant, at) => {
      const { owner, other } = await people(tenant, at);
      const room = await tenant.room(owner, [other]);
      const change = () => tenant.server(HERE).patch(`/v1/users/${other}`, { status: 'deactivated' });
      return { attempt: sends(tenant, other, room), change, deaf: { user: other, room } };
    },
  },
  {
    name: 'revocation of a session',
    round: async (tenant, at) => {
      const { other } = await people(tenant, at);
      const { body } = await tenant.server().post(`/v1/users/${other}/tokens`, {});
      const caller = tenant.withToken(body.token as string, THERE);
      const own = tenant.acting(other, HERE);
      return {
        attempt: async () => held(await caller.get('/v1/users/me')),
        change: () => own.delete(`/v1/users/me/sessions/${body.session_id}`),
      };
    },
  },
  {
    name: 'suspension of the tenant',
    round: async (tenant, at) => {
      const { owner, other } = await people(tenant, at);
      const room = await tenant.room(owner, [other]);
      const change = () => tenant.system.platform.patch(`/platform/v1/tenants/${tenant.id}`, { status: 'suspended' });
      return { attempt: sends(tenant, other, room), change, deaf: { user: other, room } };
    },
  },
];
