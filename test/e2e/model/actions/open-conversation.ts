import fc from 'fast-check';
import { expectStatus, pick, type Action, type ActionKind } from '../action';
import type { World } from '../world';

class OpenConversation implements Action {
  constructor(private readonly choice: { user: number; others: number; process: number }) {}

  async run(world: World): Promise<void> {
    const { user, others, process } = this.choice;
    const actor = pick(world.users, user)!;
    const rest = world.users.filter((name) => name !== actor);
    // Each bit takes one of them in.
    const members = rest.filter((_, at) => (others >> at) & 1);
    const type = members.length === 1 ? 'direct' : 'group';
    if (type === 'group') members.push(world.observer);
    const opened = await world.rest(actor, 'POST', '/v1/conversations', { type, member_ids: members }, process);
    expectStatus('opening', opened.status, type === 'direct' ? [200, 201] : [201]);
    world.open(opened.body.id as string, [actor, ...members]);
  }

  toString = () => `open ${JSON.stringify(this.choice)}`;
}

export const openConversation: ActionKind = {
  weight: 2,
  actions: fc
    .record({ user: fc.nat(3), others: fc.integer({ min: 1, max: 7 }), process: fc.nat(1) })
    .map((choice) => new OpenConversation(choice)),
};
