import fc from 'fast-check';
import { pick, type Action, type ActionKind } from '../action';
import type { World } from '../world';

/** A device loses its connection, or comes back at one of the processes. */
class Reconnect implements Action {
  constructor(private readonly choice: { client: number; process: number }) {}

  async run(world: World): Promise<void> {
    const client = pick(world.clients, this.choice.client)!;
    if (client.isConnected) client.disconnect();
    else if (!client.isConnecting) await world.connect(client, this.choice.process);
  }

  toString = () => `reconnect ${JSON.stringify(this.choice)}`;
}

export const reconnect: ActionKind = {
  weight: 2,
  actions: fc.record({ client: fc.nat(5), process: fc.nat(1) }).map((choice) => new Reconnect(choice)),
};
