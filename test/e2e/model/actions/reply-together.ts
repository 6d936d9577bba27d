import fc from 'fast-check';
import { chooseMessage, pick, type Action, type ActionKind } from '../action';
import { sendOverRest } from '../sending';
import type { World } from '../world';

interface Choice {
  user: number;
  message: number;
  replies: number;
}

/** Several members reply in one thread at the same moment, at both processes: each reply changes the root as well. */
class ReplyTogether implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, message, replies } = this.choice;
    const root = chooseMessage(world, user, message)?.message;
    if (!root) return;
    const { conversationId, id } = root;
    const members = world.users.filter((each) => world.members.get(conversationId)!.has(each));
    await Promise.all(
      Array.from({ length: replies }, (_, at) => {
        const client_message_id = world.nextClientMessageId();
        const body = { client_message_id, text: `reply ${client_message_id}`, thread_root_id: id };
        return sendOverRest(world, pick(members, user + at)!, conversationId, body, at % 2);
      }),
    );
  }

  toString = () => `reply together ${JSON.stringify(this.choice)}`;
}

export const replyTogether: ActionKind = {
  weight: 3,
  actions: fc
    .record<Choice>({ user: fc.nat(3), message: fc.nat(100), replies: fc.integer({ min: 2, max: 4 }) })
    .map((choice) => new ReplyTogether(choice)),
};
