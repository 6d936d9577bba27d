import fc from 'fast-check';
import { chooseConversation, expectStatus, type Action, type ActionKind } from '../action';
import type { World } from '../world';

interface Choice {
  user: number;
  conversation: number;
  process: number;
  mark: 'read' | 'delivered';
  seq: number;
  by: 'rest' | 'socket';
}

class Mark implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, conversation, process, mark, seq, by } = this.choice;
    const chosen = chooseConversation(world, user, conversation);
    if (!chosen) return;
    const { actor, id } = chosen;
    // Beyond the last is refused, but not what was acknowledged, at whichever process.
    const isThere = world.sent.some((each) => each.conversationId === id && each.seq >= seq);
    let status: number;
    if (by === 'socket') {
      const answer = await world.overSocket(actor, `conversation.${mark}`, { conversation_id: id, seq });
      status = !answer || answer.ok ? 200 : answer.error.status;
    } else ({ status } = await world.rest(actor, 'PUT', `/v1/conversations/${id}/${mark}`, { seq }, process));
    expectStatus('marking', status, isThere ? [200, 404] : [200, 400, 404]);
  }

  toString = () => `mark ${JSON.stringify(this.choice)}`;
}

export const mark: ActionKind = {
  weight: 4,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      conversation: fc.nat(20),
      process: fc.nat(1),
      mark: fc.constantFrom('read', 'delivered'),
      seq: fc.nat(12),
      by: fc.constantFrom('rest', 'socket'),
    })
    .map((choice) => new Mark(choice)),
};
