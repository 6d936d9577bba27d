import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';

/** Who is to know of a change of keys; conversations answer. */
export abstract class PeerDirectory {
  /** Ids of the conversations that a user is in. Of very many, some. */
  abstract conversationsOf(ctx: RequestContext, userId: ObjectId): Promise<string[]>;
}
