import fc from 'fast-check';
import { chooseGroup, expectStatus, pick, type Action, type ActionKind } from '../action';
import type { World } from '../world';

const ROLES = ['owner', 'admin', 'moderator', 'member'] as const;

interface Choice {
  user: number;
  group: number;
  target: number;
  process: number;
  change: (typeof ROLES)[number] | 'ban' | 'unban';
}

/** Gives roles, keeps people out and lets them in again: by anybody in the group, and whoever may not is refused. */
class Govern implements Action {
  constructor(private readonly choice: Choice) {}

  async run(world: World): Promise<void> {
    const { user, group, target: number, process, change } = this.choice;
    const chosen = chooseGroup(world, user, group);
    if (!chosen) return;
    const { actor, id, path } = chosen;
    const target = pick(world.users, number)!;
    const [method, rest, body] =
      change === 'ban'
        ? (['PUT', `bans/${target}`, {}] as const)
        : change === 'unban'
          ? (['DELETE', `bans/${target}`, undefined] as const)
          : (['PUT', `members/${target}`, { role: change }] as const);
    const moved = change === 'ban' ? world.takingOut(id, target) : world.lettingIn(id, target);
    const { status } = await world.rest(actor, method, `${path}/${rest}`, body, process);
    expectStatus(change, status, [200, 201, 204, 403, 404, 409]);
    moved(status < 300 && change !== 'unban');
  }

  toString = () => `govern ${JSON.stringify(this.choice)}`;
}

export const govern: ActionKind = {
  weight: 5,
  actions: fc
    .record<Choice>({
      user: fc.nat(3),
      group: fc.nat(20),
      target: fc.nat(3),
      process: fc.nat(1),
      change: fc.constantFrom(...ROLES, ...ROLES, 'ban', 'ban', 'unban'),
    })
    .map((choice) => new Govern(choice)),
};
