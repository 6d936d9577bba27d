import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';

/** Port that finds who must be notified of a change of keys; conversations implements it. */
export abstract class PeerDirectory {
  /** Ids of the user's conversations; if there are very many, only some. */
  abstract conversationsOf(ctx: RequestContext, userId: ObjectId): Promise<string[]>;
}
