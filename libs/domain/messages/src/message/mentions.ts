import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { invalid, isExternalId, type RequestContext, type UserReference } from '#caas/kernel';
import { UserDirectory } from '#caas/access';
import { members } from '#caas/domain/conversations';

export const MAX_MENTIONS = 100;
const SHOWN = 10;

/** Looks up the members that a message mentions. */
@Injectable()
export class Mentions {
  constructor(private readonly users: UserDirectory) {}

  /** Each user once, in the order given. @throws CaasError `unknown_mentions` (400) when one is not a member of the conversation */
  async resolve(ctx: RequestContext, conversation_id: ObjectId, externalIds: string[] = []): Promise<UserReference[]> {
    const wanted = [...new Set(externalIds)];
    if (wanted.length === 0) return [];
    const known = await Promise.all(
      wanted.map((id) => (isExternalId(id) ? this.users.find(ctx, id) : Promise.resolve(null))),
    );
    const ids = known.flatMap((user) => (user?.state === 'active' ? [user.reference.user_id] : []));
    const present = await ctx.repository(members).find({ conversation_id, 'user.user_id': { $in: ids } });
    const byId = new Map(present.map(({ user }) => [user.user_external_id, user]));
    const unknown = wanted.filter((id) => !byId.has(id));
    if (unknown.length === 0) return wanted.map((id) => byId.get(id)!);
    throw invalid('unknown_mentions', `Not members of this conversation: ${unknown.slice(0, SHOWN).join(', ')}.`, [
      { field: 'mentions', message: 'must name members of this conversation' },
    ]);
  }
}
