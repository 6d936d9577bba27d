import type { ObjectId } from 'bson';
import { forbidden, type RequestContext, type UserReference } from '#caas/kernel';
import { groupBans } from './persistence/group-ban.schema';
import { groups } from './persistence/group.schema';

/** For every way into a group. @throws CaasError `banned` (403) */
export async function requireNotBanned(
  tx: RequestContext,
  group_id: ObjectId | null,
  people: UserReference[],
): Promise<void> {
  if (!group_id) return;
  const among = { $in: people.map(({ user_id }) => user_id) };
  const banned = await tx.repository(groupBans).findOne({ group_id, 'user.user_id': among });
  if (banned) throw forbidden('banned', `Banned from this group: ${banned.user.user_external_id}.`);
}

/** The last member has left. */
export async function endGroup(tx: RequestContext, id: ObjectId): Promise<void> {
  await tx.repository(groups).softDelete({ _id: id });
}
