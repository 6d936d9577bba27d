import type fc from 'fast-check';
import type { SentMessage, World } from './world';

/** One thing that a user does. What it is done to is chosen when it runs, by number, from what there is then. */
export interface Action {
  run(world: World): Promise<void>;
  /** For the report of a failure. */
  toString(): string;
}

/** A kind of actions, in a file of its own; `ACTION_KINDS` lists them. */
export interface ActionKind {
  /** How often it comes, beside the others. */
  weight: number;
  actions: fc.Arbitrary<Action>;
}

export function pick<T>(from: readonly T[], number: number): T | undefined {
  return from.length === 0 ? undefined : from[number % from.length];
}

/** @throws Error for an answer that is none of those an action may get */
export function expectStatus(what: string, status: number, allowed: number[]): void {
  if (!allowed.includes(status)) throw new Error(`${what} was answered ${status}, not ${allowed.join(' or ')}`);
}

/** Who does it to which message: numbers, until there is something to choose from. */
export function chooseMessage(
  world: World,
  user: number,
  message: number,
  fits: (message: SentMessage) => boolean = () => true,
) {
  const actor = pick(world.users, user)!;
  const readable = world.sent.filter(({ conversationId }) => world.members.get(conversationId)?.has(actor));
  const found = pick(readable.filter(fits), message);
  return found && { actor, message: found };
}

/** Only a group has roles to give, and keeps people out. */
export function chooseGroup(world: World, user: number, group: number) {
  const actor = pick(world.users, user)!;
  const id = pick(
    world.conversationsOf(actor).filter((each) => world.groups.has(each)),
    group,
  );
  return id === undefined ? undefined : { actor, id, path: `/v1/groups/${world.groups.get(id)!}` };
}

export function chooseConversation(world: World, user: number, conversation: number) {
  const actor = pick(world.users, user)!;
  const id = pick(world.conversationsOf(actor), conversation);
  return id === undefined ? undefined : { actor, id };
}
