import { inParallel, Population } from './population';

const CONVERSATIONS = 50;
const MESSAGES_EACH = 60;

export interface BenchConversation {
  id: string;
  /** A user token of one of its two members. */
  token: string;
}

export interface Fixture {
  tenantId: string;
  conversations: BenchConversation[];
}

/** A tenant on the free tier with 50 direct conversations of 50 different people, each with a few pages of messages. */
export async function prepareFixture(url: string, platformKey: string): Promise<Fixture> {
  const population = await Population.found(url, platformKey);
  const [hub] = await population.people('hub', 1);
  const people = await population.people('bench', CONVERSATIONS);
  const conversations = await inParallel(CONVERSATIONS, async (at) => {
    const person = people[at]!;
    const id = await population.direct(person, hub!);
    for (let sent = 0; sent < MESSAGES_EACH; sent += 1) await population.say(id, person, TEXT);
    return { id, token: person.token };
  });
  return { tenantId: population.tenantId, conversations };
}

/** As long as most chat messages are. */
export const TEXT = 'Shall we meet at eight, at the usual place? I can bring the tickets and something to eat.';
