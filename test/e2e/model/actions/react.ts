import fc from 'fast-check';
import { chooseMessage, expectStatus, type Action, type ActionKind } from '../action';
import type { World } from '../world';

interface Choice {
  user: number;
  message: number;
  process: number;
  emoji: string;
  adds: boolean;
  by: 'rest' | 'socket';
}

class React implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, message: number, process, emoji, adds, by } = this.choice;
    const chosen = chooseMessage(world, user, number);
    if (!chosen) return;
    const { actor, message } = chosen;
    let status: number;
    if (by === 'socket') {
      const answer = await world.overSocket(actor, adds ? 'reaction.add' : 'reaction.remove', {
        message_id: message.id,
        emoji,
      });
      status = !answer || answer.ok ? 200 : answer.error.status;
    } else {
      const path = `/v1/messages/${message.id}/reactions/${encodeURIComponent(emoji)}`;
      ({ status } = await world.rest(actor, adds ? 'PUT' : 'DELETE', path, undefined, process));
    }
    // No reactions to what is deleted.
    expectStatus('a reaction', status, adds ? [200, 201, 404, 409] : [200, 204, 404]);
  }

  toString = () => `react ${JSON.stringify(this.choice)}`;
}

export const react: ActionKind = {
  weight: 6,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      message: fc.nat(100),
      process: fc.nat(1),
      emoji: fc.constantFrom('👍', '🎉', ':party:'),
      adds: fc.constantFrom(true, true, false),
      by: fc.constantFrom('rest', 'socket'),
    })
    .map((choice) => new React(choice)),
};
