import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';

/** Port for users' avatars, which are files; media implements it. Without an implementation, avatar ids are not checked. */
export abstract class Avatars {
  /**
   * Claims the new avatar and releases the previous one. Part of the transaction that changes the user.
   * @throws CaasError `invalid_file` (400) for a file that is no picture, or is neither the user's own nor uploaded by the acting
   * server
   */
  abstract change(tx: RequestContext, userId: ObjectId, before: ObjectId | null, after: ObjectId | null): Promise<void>;
}
