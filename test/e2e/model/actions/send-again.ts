import fc from 'fast-check';
import { expectStatus, pick, type Action, type ActionKind } from '../action';
import type { World } from '../world';

/** A client that heard no acknowledgement, or one that uses an id for something else. */
class SendAgain implements Action {
  constructor(private readonly choice: { message: number; process: number; differs: boolean }) {}

  async run(world: World): Promise<void> {
    const { message, process, differs } = this.choice;
    const first = pick(world.sent, message);
    if (!first) return;
    const body = differs ? { ...first.body, text: `${first.body.text}, but else` } : first.body;
    const path = `/v1/conversations/${first.conversationId}/messages`;
    const again = await world.rest(first.sender, 'POST', path, body, process);
    expectStatus('sending again', again.status, differs ? [422, 404] : [200, 404]);
    if (again.status !== 200) return;
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect({ id: again.body.id, seq: again.body.seq }).toEqual({ id: first.id, seq: first.seq });
  }

  toString = () => `send again ${JSON.stringify(this.choice)}`;
}

export const sendAgain: ActionKind = {
  weight: 2,
  actions: fc
    .record({ message: fc.nat(100), process: fc.nat(1), differs: fc.boolean() })
    .map((choice) => new SendAgain(choice)),
};
