import fc from 'fast-check';
import { chooseMessage, expectStatus, type Action, type ActionKind } from '../action';
import type { World } from '../world';

const CHANGES = {
  edit: { over: 'message.edit', rest: ['PATCH', ''], allowed: [200, 403, 409] },
  delete: { over: 'message.delete', rest: ['DELETE', ''], allowed: [200, 403] },
  pin: { over: null, rest: ['PUT', '/pin'], allowed: [200, 403, 409] },
  unpin: { over: null, rest: ['DELETE', '/pin'], allowed: [204, 403] },
} as const;

interface Choice {
  user: number;
  message: number;
  process: number;
  change: keyof typeof CHANGES;
  by: 'rest' | 'socket';
  text: string;
}

/** By anybody who can read it: what they may not do is refused, and changes nothing. */
class ChangeMessage implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, message: number, process, change, by, text } = this.choice;
    const chosen = chooseMessage(world, user, number);
    if (!chosen) return;
    const { actor, message } = chosen;
    const { over, rest, allowed } = CHANGES[change];
    const body = change === 'edit' ? { text } : undefined;
    let status: number;
    if (by === 'socket' && over) {
      const answer = await world.overSocket(actor, over, { message_id: message.id, ...body });
      status = !answer || answer.ok ? 200 : answer.error.status;
    } else {
      const [method, suffix] = rest;
      ({ status } = await world.rest(actor, method, `/v1/messages/${message.id}${suffix}`, body, process));
    }
    expectStatus(change, status, [...allowed, 404]);
  }

  toString = () => `change ${JSON.stringify(this.choice)}`;
}

export const changeMessage: ActionKind = {
  weight: 6,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      message: fc.nat(100),
      process: fc.nat(1),
      change: fc.constantFrom('edit', 'edit', 'delete', 'pin', 'unpin'),
      by: fc.constantFrom('rest', 'socket'),
      text: fc.string({ minLength: 1, maxLength: 10 }).map((text) => `edited ${text}`),
    })
    .map((choice) => new ChangeMessage(choice)),
};
