import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';

/** What conversations ask about the groups that own some of them. The groups library answers. */
export abstract class OwningGroups {
  /** @throws CaasError `banned` (403) when one of these people is banned from the group */
  abstract requireNotBanned(tx: RequestContext, groupId: ObjectId, people: UserReference[]): Promise<void>;

  /** Deletes the group, in the transaction that deletes its conversation. */
  abstract end(tx: RequestContext, groupId: ObjectId): Promise<void>;
}
