import { randomBytes } from 'node:crypto';
import { allOf, type ConversationState, type SyncAnswer } from '#caas/testing';
import type { Check } from './checks';
import { callerOf } from './tenant';
import type { TenantRun } from './tenant-run';

const SAMPLE = 12;

/** What `run`'s tenant can find of all the `others`, with every credential it has: it must be nothing at all. */
export async function checkIsolation(run: TenantRun, others: TenantRun[]): Promise<Check> {
  const faults: string[] = [];
  let attempts = 0;
  for (const other of others) {
    for (const conversation of sample(other.conversations)) {
      const [message] = conversation.messages;
      if (message) attempts += await attack(run, conversation.id, message.id, faults);
    }
  }
  attempts += await checkLists(run, others, faults);
  for (const socket of run.sockets.values()) {
    const { foreign } = socket.faults;
    const own = new Set(run.conversations.map(({ id }) => id));
    const strange = [...socket.conversations].filter((id) => !own.has(id)).length;
    if (foreign + strange > 0)
      faults.push(`${socket.externalId} was told ${foreign + strange} things of another tenant`);
  }
  const seen = `${attempts} attempts at ids of ${others.length} other tenants, ${run.sockets.size} sockets`;
  return { promise: 'nothing visible to another tenant', seen, faults };
}

/** Every answer must be the very one that an id gets which nobody has. */
async function attack(run: TenantRun, conversation: string, message: string, faults: string[]): Promise<number> {
  const person = run.plan.people[0]!.externalId;
  const nobodys = randomBytes(12).toString('hex');
  const body = { client_message_id: `attack-${nobodys}`, text: 'mine now' };
  const calls: [string, (id: string) => string, string, unknown?][] = [
    ['GET', (id) => `/v1/conversations/${id}`, conversation],
    ['GET', (id) => `/v1/conversations/${id}/messages`, conversation],
    ['POST', (id) => `/v1/conversations/${id}/messages`, conversation, body],
    ['GET', (id) => `/v1/messages/${id}`, message],
  ];
  let attempts = 0;
  for (const by of ['server_key', 'token'] as const) {
    const caller = callerOf(run.tenant, person, by);
    for (const [method, path, id, payload] of calls) {
      const theirs = await caller.call(method, path(id), payload);
      const nobody = await caller.call(method, path(nobodys), payload);
      attempts += 1;
      if (theirs.status !== 404 || nobody.status !== 404 || theirs.body.code !== nobody.body.code) {
        faults.push(`${method} ${path(id)} by ${by}: ${theirs.status} (an unknown id: ${nobody.status})`);
      }
    }
  }
  return attempts + (await attackBySocket(run, conversation, body, faults));
}

async function attackBySocket(run: TenantRun, conversation: string, body: object, faults: string[]): Promise<number> {
  const [socket] = run.sockets.values();
  if (!socket) return 0;
  const sent = await socket.request('message.send', { ...body, conversation_id: conversation });
  if (sent.ok || sent.error.status !== 404) faults.push(`message.send to ${conversation}: ${JSON.stringify(sent)}`);
  const synced = await socket.request<SyncAnswer>('sync', { conversations: { [conversation]: { seq: 0, rev: 0 } } });
  const readable = synced.ok ? synced.data.conversations[conversation] : undefined;
  if (!synced.ok || readable) faults.push(`sync of ${conversation}: ${JSON.stringify(synced).slice(0, 200)}`);
  return 2;
}

/** The same people exist in every tenant: lists must hold one's own, each once, and nobody else's. */
async function checkLists(run: TenantRun, others: TenantRun[], faults: string[]): Promise<number> {
  const users = await allOf<{ id: string }>(run.tenant.server().read, '/v1/users?');
  const ids = new Set(users.map(({ id }) => id));
  if (ids.size !== run.plan.people.length) faults.push(`${ids.size} users instead of ${run.plan.people.length}`);
  let attempts = 0;
  for (const other of others) {
    const [person] = other.plan.people;
    const { id } = await other.tenant.server().read<{ id: string }>(`/v1/users/${person!.externalId}`);
    const { status } = await run.tenant.as(person!.externalId).get(`/v1/users/${id}`);
    if (ids.has(id)) faults.push(`user ${id} of another tenant is in the list`);
    if (status !== 404) faults.push(`GET /v1/users/${id} of another tenant: ${status}`);
    attempts += 2;
  }
  const own = new Set(run.conversations.map((each) => each.id));
  for (const { externalId } of sample(run.plan.people)) {
    const inbox = await allOf<ConversationState>(run.tenant.as(externalId).read, '/v1/conversations?');
    const foreign = inbox.filter(({ id }) => !own.has(id));
    if (foreign.length > 0) faults.push(`${externalId}'s inbox holds ${foreign.length} conversations of others`);
    attempts += 1;
  }
  return attempts;
}

/** Spread evenly over all of them. */
function sample<T>(all: T[]): T[] {
  const step = Math.max(1, Math.floor(all.length / SAMPLE));
  return all.filter((_, index) => index % step === 0).slice(0, SAMPLE);
}
