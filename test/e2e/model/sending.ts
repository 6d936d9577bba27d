import type { MessageState } from '#caas/testing';
import { expectStatus } from './action';
import type { MessageBody, World } from './world';

/** Sends, and keeps what is acknowledged. What is refused is not: a reply to what is deleted, a thread within a thread, who has just left. */
export async function sendOverRest(
  world: World,
  actor: string,
  conversationId: string,
  body: MessageBody,
  process: number,
): Promise<void> {
  const acknowledged = world.sending(actor, conversationId, body);
  const sent = await world.rest(actor, 'POST', `/v1/conversations/${conversationId}/messages`, body, process);
  expectStatus('sending', sent.status, [201, 400, 404]);
  if (sent.status === 201) acknowledged(sent.body as MessageState);
}

/** The same over a socket of the actor, if one is connected. */
export async function sendOverSocket(
  world: World,
  actor: string,
  conversation_id: string,
  body: MessageBody,
): Promise<void> {
  const acknowledged = world.sending(actor, conversation_id, body);
  const sent = await world.overSocket(actor, 'message.send', { ...body, conversation_id });
  if (!sent?.ok) expectStatus('sending', sent?.error.status ?? 400, [400, 404]);
  if (sent?.ok) acknowledged(sent.data);
}
