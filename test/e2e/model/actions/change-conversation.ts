import fc from 'fast-check';
import { chooseConversation, expectStatus, type Action, type ActionKind } from '../action';
import type { World } from '../world';

interface Choice {
  user: number;
  conversation: number;
  process: number;
  change: 'name' | 'metadata' | 'close';
  text: string;
}

/** Of the conversation itself: its name, what is kept with it, or its end for everybody. */
class ChangeConversation implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, conversation, process, change, text } = this.choice;
    const chosen = chooseConversation(world, user, conversation);
    if (!chosen) return;
    const { actor, id } = chosen;
    const path = `/v1/conversations/${id}`;
    const body = change === 'name' ? { name: text } : { metadata: { about: text } };
    const answer =
      change === 'close'
        ? await world.rest(actor, 'DELETE', path, undefined, process)
        : await world.rest(actor, 'PATCH', path, body, process);
    expectStatus(change, answer.status, [200, 204, 400, 403, 404, 409]);
    if (answer.status === 204) world.members.get(id)!.clear();
  }

  toString = () => `conversation ${JSON.stringify(this.choice)}`;
}

export const changeConversation: ActionKind = {
  weight: 3,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      conversation: fc.nat(20),
      process: fc.nat(1),
      change: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom('name' as const, 'metadata' as const) },
        { weight: 1, arbitrary: fc.constant('close' as const) },
      ),
      text: fc.string({ minLength: 1, maxLength: 10 }).map((text) => `about ${text}`),
    })
    .map((choice) => new ChangeConversation(choice)),
};
