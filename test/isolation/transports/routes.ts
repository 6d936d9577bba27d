import type { Caller } from '#caas/testing';
import { chunk, TUS } from '../../support/tus';
import { NEXT_WEEK, type Ids } from './world';

/** How each route is tried with ids of B: as a user of A, or as A's server. */
export interface RouteAttack {
  as: 'user' | 'server';
  try(caller: Caller, ids: Ids): ReturnType<Caller['get']>;
  /** The route takes no id of a tenant's thing: it is covered by comparing what A sees with B empty and full. */
  differential?: true;
  /** The thing goes by a name that both tenants may use: it works, on A's own. */
  ownName?: true;
}

/** Every route of the api under /v1. The suite fails when the running api has one that is not here. */
export const ROUTES: Record<string, RouteAttack> = {
  'POST /v1/files': {
    as: 'user',
    ownName: true,
    try: (caller) => caller.call('POST', '/v1/files', 'attack', { 'content-type': 'multipart/form-data; boundary=x' }),
  },
  'GET /v1/files': { as: 'user', differential: true, try: (caller) => caller.get('/v1/files?limit=100') },
  'GET /v1/files/{id}': { as: 'server', try: (caller, { file }) => caller.get(`/v1/files/${file}`) },
  'GET /v1/files/{id}/content': { as: 'server', try: (caller, { file }) => caller.get(`/v1/files/${file}/content`) },
  'POST /v1/files/{id}/links': {
    as: 'server',
    try: (caller, { file }) => caller.post(`/v1/files/${file}/links`, { expires_in: 60 }),
  },
  'DELETE /v1/files/{id}': { as: 'server', try: (caller, { file }) => caller.delete(`/v1/files/${file}`) },
  'POST /v1/files/uploads': {
    as: 'user',
    ownName: true,
    try: (caller) => caller.call('POST', '/v1/files/uploads', undefined, TUS),
  },
  'OPTIONS /v1/files/uploads': {
    as: 'user',
    ownName: true,
    try: (caller) => caller.call('OPTIONS', '/v1/files/uploads'),
  },
  'HEAD /v1/files/uploads/{id}': {
    as: 'server',
    try: (caller, { upload }) => caller.call('HEAD', `/v1/files/uploads/${upload}`, undefined, TUS),
  },
  'PATCH /v1/files/uploads/{id}': {
    as: 'server',
    try: (caller, { upload }) =>
      caller.call('PATCH', `/v1/files/uploads/${upload}`, 'attack', { ...chunk(0), 'content-length': '6' }),
  },
  'POST /v1/files/uploads/{id}': {
    as: 'server',
    try: (caller, { upload }) =>
      caller.call('POST', `/v1/files/uploads/${upload}`, undefined, { ...TUS, 'x-http-method-override': 'DELETE' }),
  },
  'DELETE /v1/files/uploads/{id}': {
    as: 'server',
    try: (caller, { upload }) => caller.call('DELETE', `/v1/files/uploads/${upload}`, undefined, TUS),
  },
  'GET /v1/users': { as: 'user', differential: true, try: (caller) => caller.get('/v1/users?limit=100') },
  'GET /v1/users/{external_id}': { as: 'user', try: (caller, { user }) => caller.get(`/v1/users/${user}`) },
  'PUT /v1/users/{external_id}': {
    as: 'user',
    try: (caller, { user }) => caller.put(`/v1/users/${user}`, { display_name: 'taken' }),
  },
  'PATCH /v1/users/{external_id}': {
    as: 'server',
    try: (caller, { user }) => caller.patch(`/v1/users/${user}`, { display_name: 'taken' }),
  },
  'DELETE /v1/users/{external_id}': { as: 'server', try: (caller, { user }) => caller.delete(`/v1/users/${user}`) },
  'POST /v1/users/{external_id}/tokens': {
    as: 'server',
    try: (caller, { user }) => caller.post(`/v1/users/${user}/tokens`, {}),
  },
  'PUT /v1/users/me/devices/{device_id}': {
    as: 'user',
    ownName: true,
    try: (caller, { device }) => caller.put(`/v1/users/me/devices/${device}`, { platform: 'web' }),
  },
  'GET /v1/users/me/devices/{device_id}': {
    as: 'user',
    ownName: true,
    try: (caller, { device }) => caller.get(`/v1/users/me/devices/${device}`),
  },
  'DELETE /v1/users/me/devices/{device_id}': {
    as: 'user',
    ownName: true,
    try: (caller, { device }) => caller.delete(`/v1/users/me/devices/${device}`),
  },
  'PUT /v1/users/me/devices/{device_id}/keys': {
    as: 'user',
    ownName: true,
    try: (caller, { device }) => caller.put(`/v1/users/me/devices/${device}/keys`, {}),
  },
  'GET /v1/users/me/devices/{device_id}/keys/status': {
    as: 'user',
    ownName: true,
    try: (caller, { device }) => caller.get(`/v1/users/me/devices/${device}/keys/status`),
  },
  'GET /v1/users/{external_id}/key-bundles': {
    as: 'user',
    try: (caller, { user }) => caller.get(`/v1/users/${user}/key-bundles`),
  },
  'POST /v1/users/{external_id}/key-bundles': {
    as: 'user',
    try: (caller, { user }) => caller.post(`/v1/users/${user}/key-bundles`),
  },
  'GET /v1/key-log': { as: 'user', differential: true, try: (caller) => caller.get('/v1/key-log?limit=100') },
  'GET /v1/key-log/proof': {
    as: 'user',
    differential: true,
    try: (caller) => caller.get('/v1/key-log/proof?index=0'),
  },
  'GET /v1/settings': { as: 'server', differential: true, try: (caller) => caller.get('/v1/settings') },
  'GET /v1/settings/schema': { as: 'server', differential: true, try: (caller) => caller.get('/v1/settings/schema') },
  'PATCH /v1/settings': { as: 'server', ownName: true, try: (caller) => caller.patch('/v1/settings', {}) },
  'GET /v1/usage': { as: 'server', differential: true, try: (caller) => caller.get('/v1/usage') },
  'GET /v1/users/me/devices': { as: 'user', differential: true, try: (caller) => caller.get('/v1/users/me/devices') },
  'GET /v1/users/me/sessions': { as: 'user', differential: true, try: (caller) => caller.get('/v1/users/me/sessions') },
  'DELETE /v1/users/me/sessions/{id}': {
    as: 'user',
    try: (caller, { session }) => caller.delete(`/v1/users/me/sessions/${session}`),
  },
  'PUT /v1/users/me/relationships/{external_id}': {
    as: 'user',
    try: (caller, { user }) => caller.put(`/v1/users/me/relationships/${user}`, { type: 'friend' }),
  },
  'DELETE /v1/users/me/relationships/{external_id}': {
    as: 'user',
    try: (caller, { user }) => caller.delete(`/v1/users/me/relationships/${user}`),
  },
  'GET /v1/users/me/relationships': {
    as: 'user',
    differential: true,
    try: (caller) => caller.get('/v1/users/me/relationships'),
  },
  'POST /v1/conversations': {
    as: 'user',
    try: (caller, { user }) => caller.post('/v1/conversations', { type: 'direct', member_ids: [user] }),
  },
  'GET /v1/conversations': {
    as: 'user',
    differential: true,
    try: (caller) => caller.get('/v1/conversations?limit=100'),
  },
  'GET /v1/conversations/{id}': {
    as: 'user',
    try: (caller, { conversation }) => caller.get(`/v1/conversations/${conversation}`),
  },
  'POST /v1/conversations/{id}/messages': {
    as: 'user',
    try: (caller, { conversation }) =>
      caller.post(`/v1/conversations/${conversation}/messages`, { client_message_id: 'attack', text: 'attack' }),
  },
  'GET /v1/conversations/{id}/messages': {
    as: 'user',
    try: (caller, { conversation }) => caller.get(`/v1/conversations/${conversation}/messages`),
  },
  'PUT /v1/conversations/{id}/read': {
    as: 'user',
    try: (caller, { conversation }) => caller.put(`/v1/conversations/${conversation}/read`, { seq: 1 }),
  },
  'PUT /v1/conversations/{id}/delivered': {
    as: 'user',
    try: (caller, { conversation }) => caller.put(`/v1/conversations/${conversation}/delivered`, { seq: 1 }),
  },
  'GET /v1/conversations/{id}/receipts': {
    as: 'user',
    try: (caller, { conversation }) => caller.get(`/v1/conversations/${conversation}/receipts`),
  },
  'GET /v1/messages/{id}': { as: 'user', try: (caller, { message }) => caller.get(`/v1/messages/${message}`) },
  'PATCH /v1/messages/{id}': {
    as: 'user',
    try: (caller, { message }) => caller.patch(`/v1/messages/${message}`, { text: 'attack' }),
  },
  'DELETE /v1/messages/{id}': { as: 'user', try: (caller, { message }) => caller.delete(`/v1/messages/${message}`) },
  'GET /v1/messages/{id}/history': {
    as: 'user',
    try: (caller, { message }) => caller.get(`/v1/messages/${message}/history`),
  },
  'PUT /v1/messages/{id}/pin': { as: 'user', try: (caller, { message }) => caller.put(`/v1/messages/${message}/pin`) },
  'DELETE /v1/messages/{id}/pin': {
    as: 'user',
    try: (caller, { message }) => caller.delete(`/v1/messages/${message}/pin`),
  },
  'POST /v1/messages/{id}/forward': {
    as: 'user',
    try: (caller, { message, conversation }) =>
      caller.post(`/v1/messages/${message}/forward`, { conversation_id: conversation, client_message_id: 'attack' }),
  },
  'GET /v1/messages/{id}/reactions': {
    as: 'user',
    try: (caller, { message }) => caller.get(`/v1/messages/${message}/reactions`),
  },
  'PUT /v1/messages/{id}/reactions/{emoji}': {
    as: 'user',
    try: (caller, { message }) => caller.put(`/v1/messages/${message}/reactions/👍`),
  },
  'DELETE /v1/messages/{id}/reactions/{emoji}': {
    as: 'user',
    try: (caller, { message }) => caller.delete(`/v1/messages/${message}/reactions/👍`),
  },
  'PUT /v1/messages/{id}/votes': {
    as: 'user',
    try: (caller, { poll, option }) => caller.put(`/v1/messages/${poll}/votes`, { option_ids: [option] }),
  },
  'GET /v1/messages/{id}/votes': {
    as: 'user',
    try: (caller, { poll, option }) => caller.get(`/v1/messages/${poll}/votes?option_id=${option}`),
  },
  'POST /v1/messages/{id}/poll/close': {
    as: 'user',
    try: (caller, { poll }) => caller.post(`/v1/messages/${poll}/poll/close`),
  },
  'GET /v1/conversations/{id}/typing': {
    as: 'user',
    try: (caller, { conversation }) => caller.get(`/v1/conversations/${conversation}/typing`),
  },
  'GET /v1/users/{external_id}/presence': {
    as: 'user',
    try: (caller, { user }) => caller.get(`/v1/users/${user}/presence`),
  },
  'GET /v1/presence': { as: 'user', try: (caller, { user }) => caller.get(`/v1/presence?external_ids=${user}`) },
  'PATCH /v1/conversations/{id}': {
    as: 'server',
    try: (caller, { conversation }) => caller.patch(`/v1/conversations/${conversation}`, { name: 'taken' }),
  },
  'DELETE /v1/conversations/{id}': {
    as: 'server',
    try: (caller, { conversation }) => caller.delete(`/v1/conversations/${conversation}`),
  },
  'PATCH /v1/conversations/{id}/preferences': {
    as: 'user',
    try: (caller, { conversation }) =>
      caller.patch(`/v1/conversations/${conversation}/preferences`, { archived: true }),
  },
  'GET /v1/conversations/{id}/members': {
    as: 'server',
    try: (caller, { conversation }) => caller.get(`/v1/conversations/${conversation}/members`),
  },
  'POST /v1/conversations/{id}/members': {
    as: 'server',
    try: (caller, { conversation }) =>
      caller.post(`/v1/conversations/${conversation}/members`, { member_ids: ['anna'] }),
  },
  'DELETE /v1/conversations/{id}/members/{external_id}': {
    as: 'server',
    try: (caller, { conversation }) => caller.delete(`/v1/conversations/${conversation}/members/anna`),
  },
  'POST /v1/groups': {
    as: 'user',
    try: (caller, { user }) => caller.post('/v1/groups', { name: 'attack', member_ids: [user] }),
  },
  'GET /v1/groups': { as: 'user', differential: true, try: (caller) => caller.get('/v1/groups') },
  'POST /v1/groups/join': {
    as: 'user',
    try: (caller, { invite }) => caller.post('/v1/groups/join', { code: invite }),
  },
  'GET /v1/groups/{id}': { as: 'server', try: (caller, { group }) => caller.get(`/v1/groups/${group}`) },
  'PATCH /v1/groups/{id}': {
    as: 'server',
    try: (caller, { group }) => caller.patch(`/v1/groups/${group}`, { name: 'taken' }),
  },
  'DELETE /v1/groups/{id}': { as: 'server', try: (caller, { group }) => caller.delete(`/v1/groups/${group}`) },
  'PUT /v1/groups/{id}/members/{external_id}': {
    as: 'server',
    try: (caller, { group }) => caller.put(`/v1/groups/${group}/members/anna`, { role: 'owner' }),
  },
  'DELETE /v1/groups/{id}/members/{external_id}': {
    as: 'server',
    try: (caller, { group }) => caller.delete(`/v1/groups/${group}/members/anna`),
  },
  'GET /v1/groups/{id}/bans': { as: 'server', try: (caller, { group }) => caller.get(`/v1/groups/${group}/bans`) },
  'PUT /v1/groups/{id}/bans/{external_id}': {
    as: 'server',
    try: (caller, { group }) => caller.put(`/v1/groups/${group}/bans/anna`, {}),
  },
  'DELETE /v1/groups/{id}/bans/{external_id}': {
    as: 'server',
    try: (caller, { group }) => caller.delete(`/v1/groups/${group}/bans/anna`),
  },
  'GET /v1/groups/{id}/invites': {
    as: 'server',
    try: (caller, { group }) => caller.get(`/v1/groups/${group}/invites`),
  },
  'POST /v1/groups/{id}/invites': {
    as: 'user',
    try: (caller, { group }) => caller.post(`/v1/groups/${group}/invites`, {}),
  },
  'DELETE /v1/groups/{id}/invites/{invite_id}': {
    as: 'server',
    try: (caller, { group, invite }) => caller.delete(`/v1/groups/${group}/invites/${invite}`),
  },
  'GET /v1/mentions': { as: 'user', differential: true, try: (caller) => caller.get('/v1/mentions?limit=100') },
  'GET /v1/search/messages': {
    as: 'user',
    try: (caller, { conversation }) => caller.get(`/v1/search/messages?q=hello&conversation_id=${conversation}`),
  },
  'POST /v1/conversations/{id}/scheduled-messages': {
    as: 'user',
    try: (caller, { conversation }) =>
      caller.post(`/v1/conversations/${conversation}/scheduled-messages`, { text: 'attack', send_at: NEXT_WEEK }),
  },
  'GET /v1/conversations/{id}/scheduled-messages': {
    as: 'user',
    try: (caller, { conversation }) => caller.get(`/v1/conversations/${conversation}/scheduled-messages`),
  },
  'GET /v1/scheduled-messages': {
    as: 'user',
    differential: true,
    try: (caller) => caller.get('/v1/scheduled-messages?limit=100'),
  },
  'GET /v1/scheduled-messages/{id}': {
    as: 'user',
    try: (caller, { scheduled }) => caller.get(`/v1/scheduled-messages/${scheduled}`),
  },
  'PATCH /v1/scheduled-messages/{id}': {
    as: 'user',
    try: (caller, { scheduled }) => caller.patch(`/v1/scheduled-messages/${scheduled}`, { text: 'attack' }),
  },
  'DELETE /v1/scheduled-messages/{id}': {
    as: 'user',
    try: (caller, { scheduled }) => caller.delete(`/v1/scheduled-messages/${scheduled}`),
  },
  'POST /v1/posts': {
    as: 'user',
    try: (caller, { post }) => caller.post('/v1/posts', { kind: 'post', visibility: 'public', file_ids: [post] }),
  },
  'GET /v1/posts': { as: 'user', differential: true, try: (caller) => caller.get('/v1/posts?kind=story&limit=100') },
  'GET /v1/users/{external_id}/posts': {
    as: 'server',
    try: (caller, { user }) => caller.get(`/v1/users/${user}/posts?kind=story`),
  },
  'GET /v1/posts/{id}': { as: 'server', try: (caller, { post }) => caller.get(`/v1/posts/${post}`) },
  'PATCH /v1/posts/{id}': {
    as: 'server',
    try: (caller, { post }) => caller.patch(`/v1/posts/${post}`, { text: 'taken' }),
  },
  'DELETE /v1/posts/{id}': { as: 'server', try: (caller, { post }) => caller.delete(`/v1/posts/${post}`) },
  'GET /v1/posts/{id}/reactions': {
    as: 'server',
    try: (caller, { post }) => caller.get(`/v1/posts/${post}/reactions`),
  },
  'PUT /v1/posts/{id}/reactions/{emoji}': {
    as: 'user',
    try: (caller, { post }) => caller.put(`/v1/posts/${post}/reactions/👍`),
  },
  'DELETE /v1/posts/{id}/reactions/{emoji}': {
    as: 'user',
    try: (caller, { post }) => caller.delete(`/v1/posts/${post}/reactions/👍`),
  },
  'PUT /v1/posts/{id}/view': { as: 'user', try: (caller, { post }) => caller.put(`/v1/posts/${post}/view`) },
  'GET /v1/posts/{id}/viewers': { as: 'server', try: (caller, { post }) => caller.get(`/v1/posts/${post}/viewers`) },
  'POST /v1/messages/{id}/reports': {
    as: 'user',
    try: (caller, { message }) => caller.post(`/v1/messages/${message}/reports`, { reason: 'spam' }),
  },
  'POST /v1/users/{external_id}/reports': {
    as: 'user',
    try: (caller, { user }) => caller.post(`/v1/users/${user}/reports`, { reason: 'spam' }),
  },
  'GET /v1/moderation/cases': {
    as: 'server',
    differential: true,
    try: (caller) => caller.get('/v1/moderation/cases?limit=100'),
  },
  'GET /v1/moderation/cases/{id}': {
    as: 'server',
    try: (caller, { moderationCase }) => caller.get(`/v1/moderation/cases/${moderationCase}`),
  },
  'POST /v1/moderation/cases/{id}/decisions': {
    as: 'server',
    try: (caller, { moderationCase }) =>
      caller.post(`/v1/moderation/cases/${moderationCase}/decisions`, { decision: 'delete_message' }),
  },
  'POST /v1/sync': {
    as: 'user',
    try: (caller, { conversation }) =>
      caller.post('/v1/sync', { conversations: { [conversation]: { seq: 0, rev: 0 } } }),
  },
};

/** Every message that a client may send over a socket, with ids of B. */
export const SOCKET_MESSAGES: Record<string, (ids: Ids, tokenOfB: string) => unknown> = {
  'message.send': ({ conversation }) => ({
    conversation_id: conversation,
    client_message_id: 'attack',
    text: 'attack',
  }),
  'conversation.read': ({ conversation }) => ({ conversation_id: conversation, seq: 1 }),
  'conversation.delivered': ({ conversation }) => ({ conversation_id: conversation, seq: 1 }),
  'message.edit': ({ message }) => ({ message_id: message, text: 'attack' }),
  'message.delete': ({ message }) => ({ message_id: message }),
  'reaction.add': ({ message }) => ({ message_id: message, emoji: '👍' }),
  'reaction.remove': ({ message }) => ({ message_id: message, emoji: '👍' }),
  'poll.vote': ({ poll, option }) => ({ message_id: poll, option_ids: [option] }),
  'typing.start': ({ conversation }) => ({ conversation_id: conversation }),
  'typing.stop': ({ conversation }) => ({ conversation_id: conversation }),
  'presence.set': () => ({ status: 'sleeping' }),
  'presence.get': ({ user }) => ({ external_ids: [user] }),
  sync: ({ conversation }) => ({ conversations: { [conversation]: 0 } }),
  'session.renew': (_ids, token) => ({ token }),
};
