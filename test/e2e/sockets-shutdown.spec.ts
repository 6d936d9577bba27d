import { waitFor } from '../../tools/stack';
import { TestSystem, type Caller, type LiveClient } from '../support/test-system';

const SENDERS = 8;

const system = new TestSystem('error');
beforeAll(() => system.start());
afterAll(() => system.stop());

interface Sends {
  acknowledged: Map<string, number>;
  refused: string[];
  unanswered: string[];
}

/** Sends as fast as it is answered, until nothing is sent any more. */
async function sendOn(client: LiveClient, conversation_id: string, name: string, sends: Sends): Promise<void> {
  for (let at = 0; client.socket.connected; at += 1) {
    const client_message_id = `${name}-${at}`;
    const answer = await client
      .send('message.send', { conversation_id, client_message_id, text: 'on' })
      .catch(() => null);
    if (answer === null) sends.unanswered.push(client_message_id);
    else if (answer.ok) sends.acknowledged.set(client_message_id, answer.data.seq);
    else {
      expect(answer.error).toMatchObject({ status: 503, code: 'server_closing', retry_after: 1 });
      sends.refused.push(client_message_id);
    }
  }
}

describe('An api that is told to end', () => {
  it('tells its clients, answers what it has begun, and loses and doubles nothing', async () => {
    const tenant = await system.tenant('pro');
    for (const id of ['anna', 'ben']) await tenant.server().put(`/v1/users/${id}`, {});
    const { body } = await tenant.acting('anna').post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
    const conversation_id = body.id as string;
    const token = await tenant.token('anna');
    const clients = await Promise.all(Array.from({ length: SENDERS }, () => tenant.connect(token, 1)));
    const sends: Sends = { acknowledged: new Map(), refused: [], unanswered: [] };
    const sending = clients.map((client, at) => sendOn(client, conversation_id, `c${at}`, sends));
    await waitFor('all are at it', 10_000, () => sends.acknowledged.size > 5 * SENDERS);

    const exit = await system.endApi(1, 'SIGTERM');
    expect(exit).toBe(0);
    await Promise.all(sending);
    for (const client of clients) {
      const [closing] = client.of('server.closing');
      expect(closing?.data.reconnect_after_ms).toBeGreaterThanOrEqual(0);
      expect(closing?.data.reconnect_after_ms).toBeLessThan(30_000);
      // Not a farewell of socket.io, after which its clients do not come back by themselves.
      expect(client.disconnectedBecause).toBe('transport close');
    }

    const again = await tenant.connect(token, 0);
    // At most what each sent when it was closed: and of all that got no acknowledgement, nothing had been stored.
    expect(sends.unanswered.length).toBeLessThanOrEqual(SENDERS);
    for (const client_message_id of [...sends.refused, ...sends.unanswered]) {
      const answer = await sendInTime(again, { conversation_id, client_message_id, text: 'on' });
      expect(answer.error).toBeUndefined();
      expect(answer.data.replayed).toBeUndefined();
    }
    const { stored, seqs } = await everything(tenant.acting('ben'), conversation_id);
    expect(stored.toSorted()).toEqual([...sends.acknowledged.keys(), ...sends.refused, ...sends.unanswered].toSorted());
    expect(seqs).toEqual(seqs.map((_seq, at) => at + 1));
    again.socket.disconnect();
  });
});

/** There may be more to send again than a socket takes at once: then it waits, as clients do. */
async function sendInTime(client: LiveClient, message: object) {
  let answer = await client.send('message.send', message);
  await waitFor('it may talk again', 5_000, async () => {
    if (answer.error?.code === 'rate_limited') answer = await client.send('message.send', message);
    return answer.error?.code !== 'rate_limited';
  });
  return answer;
}

async function everything(member: Caller, conversation_id: string): Promise<{ stored: string[]; seqs: number[] }> {
  const messages: { client_message_id: string; seq: number }[] = [];
  for (let has_more = true; has_more;) {
    const path = `/v1/conversations/${conversation_id}/messages?limit=100&after_seq=${messages.at(-1)?.seq ?? 0}`;
    const { body } = await member.get(path);
    messages.push(...body.data);
    has_more = body.page.has_more;
  }
  return {
    stored: messages.map(({ client_message_id }) => client_message_id),
    seqs: messages.map(({ seq }) => seq),
  };
}
