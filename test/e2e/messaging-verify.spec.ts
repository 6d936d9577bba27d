import { MongoClient, ObjectId } from 'mongodb';
import { commandLine } from '../support/command-line';
import { TestSystem, type TestTenant } from '../support/test-system';

const system = new TestSystem();
beforeAll(() => system.start());
afterAll(() => system.stop());

const run = commandLine(system);
const verify = (tenant: TestTenant) => run(['messaging', 'verify', '--tenant', tenant.id]);

async function talk(tenant: TestTenant): Promise<string> {
  await tenant.user('anna');
  await tenant.user('ben');
  const [anna, ben] = [tenant.acting('anna'), tenant.acting('ben', 1)];
  const { id } = (await anna.post('/v1/conversations', { type: 'group', name: 'Room', member_ids: ['ben'] })).body;
  const send = async (caller: typeof anna, client_message_id: string, more: object = {}) =>
    (await caller.post(`/v1/conversations/${id}/messages`, { client_message_id, text: 'hello', ...more })).body.id;
  const root = await send(anna, 'root');
  const reply = await send(ben, 'reply', { thread_root_id: root });
  await send(ben, 'other', { thread_root_id: root });
  await ben.put(`/v1/messages/${root}/reactions/${encodeURIComponent('👍')}`);
  const options = [{ text: 'yes' }, { text: 'no' }];
  const asked = { type: 'poll', poll: { question: 'More?', options } };
  for (const client_message_id of ['kept', 'deleted']) {
    const { body } = await anna.post(`/v1/conversations/${id}/messages`, { ...asked, client_message_id });
    await ben.put(`/v1/messages/${body.id}/votes`, { option_ids: [body.poll.options[1].id] });
    if (client_message_id === 'deleted') await anna.delete(`/v1/messages/${body.id}`);
  }
  await anna.put(`/v1/conversations/${id}/read`, { seq: 5 });
  await ben.delete(`/v1/messages/${reply}`);
  return id as string;
}

describe.each(['free', 'pro', 'enterprise'] as const)('Verification on the tier %s', (tier) => {
  it('finds that every counter is what it counts', async () => {
    const tenant = await system.tenant(tier);
    await talk(tenant);
    expect(await verify(tenant)).toMatchObject({
      code: 0,
      found: { conversations: 1, messages: 5, drift: 0, drifts: [], unsettled: 0 },
    });
  });
});

it('reports what somebody has changed behind the back of the service, and fails', async () => {
  const tenant = await system.tenant('free');
  const conversation = await talk(tenant);
  const client = await new MongoClient(process.env['MONGODB_URI']!).connect();
  try {
    const where = { tenant_id: tenant.id, _id: new ObjectId(conversation) };
    const shared = client.db('caas_shared');
    await shared.collection('conversations').updateOne(where, { $inc: { last_seq: 1, member_count: -1 } });
    await shared.collection('poll_votes').deleteMany({ tenant_id: tenant.id });
  } finally {
    await client.close();
  }
  const { code, found } = await verify(tenant);
  expect(code).toBe(1);
  expect(found).toMatchObject({
    drift: 3,
    drifts: expect.arrayContaining([
      { conversation_id: conversation, what: 'last_seq', stored: 6, counted: 5 },
      { conversation_id: conversation, what: 'member_count', stored: 1, counted: 2 },
      expect.objectContaining({ what: 'poll_votes', counted: {} }),
    ]) as unknown,
  });
});
