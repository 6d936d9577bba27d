import { inParallel, Population } from '../support/population';
import type { Bench } from './bench';
import type { Seat } from './clients';

/**
 * So many direct conversations of two different people each, all of one new tenant.
 *
 * @returns the first of each pair, then the second of each, in the same order: the other of seat n sits at n + `count`
 */
export async function pairsOf({ api, platformKey }: Bench, count: number): Promise<Seat[]> {
  const population = await Population.found(api.url, platformKey);
  const [senders, readers] = [await population.people('one', count), await population.people('two', count)];
  const ids = await inParallel(count, (at) => population.direct(senders[at]!, readers[at]!));
  return [senders, readers].flatMap((people) => people.map(({ token }, at) => ({ token, conversationId: ids[at]! })));
}
