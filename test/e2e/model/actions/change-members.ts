import fc from 'fast-check';
import { chooseConversation, expectStatus, pick, type Action, type ActionKind } from '../action';
import type { World } from '../world';

interface Choice {
  user: number;
  conversation: number;
  target: number;
  process: number;
  change: 'add' | 'remove' | 'leave';
}

/** By anybody in it: whoever may not is refused, and in a direct conversation everybody. */
class ChangeMembers implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, conversation, target: number, process, change } = this.choice;
    const chosen = chooseConversation(world, user, conversation);
    if (!chosen) return;
    const { actor, id } = chosen;
    const target = change === 'leave' ? actor : pick(world.users, number)!;
    const path = `/v1/conversations/${id}/members`;
    const moved = change === 'add' ? world.lettingIn(id, target) : world.takingOut(id, target);
    const answer =
      change === 'add'
        ? await world.rest(actor, 'POST', path, { member_ids: [target] }, process)
        : await world.rest(actor, 'DELETE', `${path}/${change === 'leave' ? 'me' : target}`, undefined, process);
    expectStatus(change, answer.status, [200, 201, 204, 400, 403, 404, 409]);
    moved(answer.status === 201 || answer.status === 204);
  }

  toString = () => `members ${JSON.stringify(this.choice)}`;
}

export const changeMembers: ActionKind = {
  weight: 4,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      conversation: fc.nat(20),
      target: fc.nat(3),
      process: fc.nat(1),
      change: fc.constantFrom('add', 'add', 'add', 'remove', 'remove', 'leave'),
    })
    .map((choice) => new ChangeMembers(choice)),
};
