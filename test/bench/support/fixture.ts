const CONVERSATIONS = 50;
const MESSAGES_EACH = 60;

export interface BenchConversation {
  id: string;
  /** A user token of one of its two members. */
  token: string;
}

export interface Fixture {
  tenantId: string;
  conversations: BenchConversation[];
}

/** A tenant on the free tier with 50 direct conversations of 50 different people, each with a few pages of messages. */
export async function prepareFixture(url: string, platformKey: string): Promise<Fixture> {
  const call = async <T>(method: string, path: string, credential: string, body: object, actingUser?: string) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${credential}`,
        'content-type': 'application/json',
        ...(actingUser ? { 'x-acting-user': actingUser } : {}),
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const tenant = await call<{ id: string; server_key: { key: string } }>('POST', '/platform/v1/tenants', platformKey, {
    name: 'Bench',
    tier: 'free',
  });
  const { key } = tenant.server_key;
  await call('PUT', '/v1/users/hub', key, {});
  const conversations = await Promise.all(
    Array.from({ length: CONVERSATIONS }, async (_, index) => {
      const user = `bench-${index}`;
      await call('PUT', `/v1/users/${user}`, key, { display_name: `Bench ${index}` });
      const { token } = await call<{ token: string }>('POST', `/v1/users/${user}/tokens`, key, { expires_in: 3600 });
      const body = { type: 'direct', member_ids: ['hub'] };
      const { id } = await call<{ id: string }>('POST', '/v1/conversations', token, body);
      for (let sent = 0; sent < MESSAGES_EACH; sent += 1) {
        await call('POST', `/v1/conversations/${id}/messages`, token, {
          client_message_id: `seed-${sent}`,
          text: TEXT,
        });
      }
      return { id, token };
    }),
  );
  return { tenantId: tenant.id, conversations };
}

/** As long as most chat messages are. */
export const TEXT = 'Shall we meet at eight, at the usual place? I can bring the tickets and something to eat.';
