import fc from 'fast-check';
import { expectStatus, pick, type Action, type ActionKind } from '../action';
import type { World } from '../world';

interface Choice {
  user: number;
  others: number;
  process: number;
  history: 'all' | 'joined';
  /** A group that has roles and bans, where there are enough for one. */
  governed: boolean;
}

class OpenConversation implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, others, process, history, governed } = this.choice;
    const actor = pick(world.users, user)!;
    const rest = world.users.filter((name) => name !== actor);
    // Each bit takes one of them in.
    const members = rest.filter((_, at) => (others >> at) & 1);
    const type = members.length === 1 ? 'direct' : 'group';
    if (type === 'group') members.push(world.observer);
    if (type === 'group' && governed) {
      const body = { name: 'A group', member_ids: members, history };
      const { status, body: group } = await world.rest(actor, 'POST', '/v1/groups', body, process);
      expectStatus('founding', status, [201]);
      const id = group.conversation_id as string;
      world.groups.set(id, group.id as string);
      return world.open(id, [actor, ...members]);
    }
    const body = { type, member_ids: members, history };
    const opened = await world.rest(actor, 'POST', '/v1/conversations', body, process);
    expectStatus('opening', opened.status, type === 'direct' ? [200, 201] : [201]);
    world.open(opened.body.id as string, [actor, ...members]);
  }

  toString = () => `open ${JSON.stringify(this.choice)}`;
}

export const openConversation: ActionKind = {
  weight: 2,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      others: fc.integer({ min: 1, max: 7 }),
      process: fc.nat(1),
      history: fc.constantFrom('all', 'joined'),
      governed: fc.boolean(),
    })
    .map((choice) => new OpenConversation(choice)),
};
