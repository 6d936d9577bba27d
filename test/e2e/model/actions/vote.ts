import fc from 'fast-check';
import { chooseMessage, expectStatus, type Action, type ActionKind } from '../action';
import type { World } from '../world';

interface Choice {
  user: number;
  message: number;
  process: number;
  /** Each bit is an option; or the poll is closed. */
  options: number | 'close';
  by: 'rest' | 'socket';
}

/** In a poll, by anybody who can read it; only who asked and moderators close it. */
class Vote implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, message: number, process, options, by } = this.choice;
    const chosen = chooseMessage(world, user, number, ({ optionIds }) => optionIds.length > 0);
    if (!chosen) return;
    const { actor, message } = chosen;
    const path = `/v1/messages/${message.id}`;
    if (options === 'close') {
      const { status } = await world.rest(actor, 'POST', `${path}/poll/close`, undefined, process);
      return expectStatus('closing', status, [200, 403, 404, 409]);
    }
    const option_ids = message.optionIds.filter((_, at) => (options >> at) & 1);
    let status: number;
    if (by === 'socket') {
      const answer = await world.overSocket(actor, 'poll.vote', { message_id: message.id, option_ids });
      status = !answer || answer.ok ? 200 : answer.error.status;
    } else ({ status } = await world.rest(actor, 'PUT', `${path}/votes`, { option_ids }, process));
    // For several where one is allowed; when it is closed or deleted.
    expectStatus('a vote', status, [200, 400, 404, 409]);
  }

  toString = () => `vote ${JSON.stringify(this.choice)}`;
}

export const vote: ActionKind = {
  weight: 6,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      message: fc.nat(100),
      process: fc.nat(1),
      options: fc.oneof({ weight: 12, arbitrary: fc.nat(7) }, { weight: 1, arbitrary: fc.constant('close' as const) }),
      by: fc.constantFrom('rest', 'socket'),
    })
    .map((choice) => new Vote(choice)),
};
