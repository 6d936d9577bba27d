import fc from 'fast-check';
import { chooseConversation, pick, type Action, type ActionKind } from '../action';
import { sendOverRest, sendOverSocket } from '../sending';
import type { World } from '../world';

const OPTIONS = ['one', 'two', 'three'].map((text) => ({ text }));

interface Choice {
  user: number;
  conversation: number;
  process: number;
  by: 'rest' | 'socket';
  text: string;
  /** In the thread of, in answer to, or mentioning somebody; not always. */
  thread: number | null;
  reply: number | null;
  mention: number | null;
  /** Several choices are allowed, or one; not always a poll. */
  poll: { multiple: boolean; anonymous: boolean } | null;
}

class Send implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, conversation, process, by, text, thread, reply, mention, poll } = this.choice;
    const chosen = chooseConversation(world, user, conversation);
    if (!chosen) return;
    const { actor, id } = chosen;
    const among = world.sent.filter(({ conversationId }) => conversationId === id);
    const root = thread === null ? undefined : pick(among, thread);
    const answered = reply === null ? undefined : pick(among, reply);
    const mentioned = mention === null ? undefined : pick([...world.members.get(id)!], mention);
    const body = {
      client_message_id: world.nextClientMessageId(),
      text,
      ...(root ? { thread_root_id: root.id } : {}),
      ...(answered ? { reply_to_id: answered.id } : {}),
      ...(mentioned ? { mentions: [mentioned] } : {}),
      ...(poll ? { type: 'poll', poll: { question: `${text}?`, options: OPTIONS, ...poll } } : {}),
    };
    if (by === 'rest') await sendOverRest(world, actor, id, body, process);
    else await sendOverSocket(world, actor, id, body);
  }

  toString = () => `send ${JSON.stringify(this.choice)}`;
}

const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

export const send: ActionKind = {
  weight: 10,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      conversation: fc.nat(20),
      process: fc.nat(1),
      by: fc.constantFrom('rest', 'socket'),
      text: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).map((text) => `text ${text}`),
      thread: seldom(fc.nat(50)),
      reply: seldom(fc.nat(50)),
      mention: seldom(fc.nat(3)),
      poll: seldom(fc.record({ multiple: fc.boolean(), anonymous: fc.boolean() })),
    })
    .map((choice) => new Send(choice)),
};
