import fc from 'fast-check';
import { chooseConversation, expectStatus, type Action, type ActionKind } from '../action';
import type { World } from '../world';

interface Choice {
  user: number;
  conversation: number;
  process: number;
  preferences: { muted_until?: string | null; pinned?: boolean; archived?: boolean };
}

/** For oneself alone. */
class Prefer implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, conversation, process, preferences } = this.choice;
    const chosen = chooseConversation(world, user, conversation);
    if (!chosen) return;
    const path = `/v1/conversations/${chosen.id}/preferences`;
    const { status } = await world.rest(chosen.actor, 'PATCH', path, preferences, process);
    expectStatus('preferring', status, [200, 404]);
  }

  toString = () => `prefer ${JSON.stringify(this.choice)}`;
}

export const prefer: ActionKind = {
  weight: 3,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      conversation: fc.nat(20),
      process: fc.nat(1),
      preferences: fc.constantFrom(
        { muted_until: '2100-01-01T00:00:00.000Z' },
        { muted_until: null, pinned: false },
        { pinned: true },
        { archived: true },
        { archived: false, pinned: true },
      ),
    })
    .map((choice) => new Prefer(choice)),
};
