import type { RequestContext } from '#caas/kernel';
import type { Entry } from '../store/entries';

/** How often the actor is mentioned in what they have not read. The messages library answers. */
export abstract class UnreadMentions {
  /**
   * By conversation id; where there are none, it is missing.
   * @param entries the actor's own
   */
  abstract in(ctx: RequestContext, entries: Entry[]): Promise<Map<string, number>>;
}
