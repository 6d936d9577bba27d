import { MongoClient, ObjectId } from 'mongodb';
import { sharedSystem, TIERS, type TenantSession } from '#caas/testing';
import { commandsInTurn } from '../support/command-line';

const system = sharedSystem();

const run = commandsInTurn(system);
const verify = (tenant: TenantSession) => run(['messaging', 'verify', '--tenant', tenant.id]);

async function talk(tenant: TenantSession): Promise<string> {
  await tenant.users('anna', 'ben');
  const [anna, ben] = [tenant.acting('anna'), tenant.acting('ben', 1)];
  const room = await tenant.room('anna', ['ben']);
  const root = await tenant.message('anna', room);
  const reply = await tenant.message('ben', room, { thread_root_id: root.id }, 1);
  await tenant.message('ben', room, { thread_root_id: root.id }, 1);
  await ben.put(`/v1/messages/${root.id}/reactions/${encodeURIComponent('👍')}`);
  const options = [{ text: 'yes' }, { text: 'no' }];
  const asked = { type: 'poll', poll: { question: 'More?', options } };
  for (const end of ['kept', 'deleted']) {
    const { id, poll } = await tenant.message('anna', room, asked);
    await ben.put(`/v1/messages/${id}/votes`, { option_ids: [poll.options[1].id] });
    if (end === 'deleted') await anna.delete(`/v1/messages/${id}`);
  }
  await anna.put(`${room.path}/read`, { seq: 5 });
  await ben.delete(`/v1/messages/${reply.id}`);
  return room.id;
}

describe.each(TIERS)('Verification on the tier %s', (tier) => {
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
