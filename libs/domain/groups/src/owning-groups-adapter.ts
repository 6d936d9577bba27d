import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { forbidden, type RequestContext, type UserReference } from '#caas/kernel';
import { OwningGroups } from '#caas/domain/conversations';
import { groupBans } from './group-ban.schema';
import { groups } from './group.schema';

/** Gives conversations what they ask about the groups that own them. */
@Injectable()
export class OwningGroupsAdapter extends OwningGroups {
  override async requireNotBanned(tx: RequestContext, group_id: ObjectId, people: UserReference[]): Promise<void> {
    const among = { $in: people.map(({ user_id }) => user_id) };
    const banned = await tx.repository(groupBans).findOne({ group_id, 'user.user_id': among });
    if (banned) throw forbidden('banned', `Banned from this group: ${banned.user.user_external_id}.`);
  }

  override async end(tx: RequestContext, id: ObjectId): Promise<void> {
    await tx.repository(groups).softDelete({ _id: id });
  }
}
