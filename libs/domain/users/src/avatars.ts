import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';

/** Pictures of users are files, which media keeps: it provides this port. Where nobody does, ids of avatars are not checked. */
export abstract class Avatars {
  /**
   * Part of the transaction that changes the user: holds the picture that comes, and lets go the one that goes.
   * @throws CaasError `invalid_file` (400) for what is no picture, or neither the user's own nor uploaded by the acting server
   */
  abstract change(tx: RequestContext, userId: ObjectId, before: ObjectId | null, after: ObjectId | null): Promise<void>;
}
