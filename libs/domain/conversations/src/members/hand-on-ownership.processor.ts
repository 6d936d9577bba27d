import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { handOnOwnership, type JobPayload } from '#caas/contracts';
import { CaasError, type RequestContext } from '#caas/kernel';
import { members } from '../store/member.schema';
import { UsersService } from '#caas/domain/users';
import { Handles, type TenantJobHandler } from '#caas/platform/queue';
import { Memberships } from './memberships';

/** Runs after a user was deleted or deactivated. */
@Injectable()
@Handles(handOnOwnership)
export class HandOnOwnershipProcessor implements TenantJobHandler<typeof handOnOwnership> {
  constructor(
    private readonly memberships: Memberships,
    private readonly users: UsersService,
  ) {}

  async handle(ctx: RequestContext, { user_id }: JobPayload<typeof handOnOwnership>): Promise<void> {
    const userId = new ObjectId(user_id);
    // The user was reactivated before this job ran.
    if ((await this.users.activeAmong(ctx, [userId])).has(user_id)) return;
    const owned = await ctx
      .repository(members)
      .find({ 'user.user_id': userId, role: 'owner' }, { fields: ['conversation_id'] });
    for (const { conversation_id } of owned) {
      await this.memberships.handOn(ctx, conversation_id, userId).catch((error: unknown) => {
        // The conversation was deleted in the meantime.
        if (!(error instanceof CaasError) || error.kind !== 'not_found') throw error;
      });
    }
  }
}
