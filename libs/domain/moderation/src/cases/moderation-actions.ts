import { Injectable } from '@nestjs/common';
import { CaasError, conflict, Preconditions, type RequestContext } from '#caas/kernel';
import { GroupMembersService } from '#caas/domain/groups';
import { UsersService } from '#caas/domain/users';
import { RequestContexts } from '#caas/tenancy';
import { MessageDeletionsService } from '#caas/domain/messages';
import { conversations } from '#caas/domain/conversations';
import type { Decision, ModerationCase } from './moderation-case.schema';

/** Carries out what moderators decide, with the services that everybody else uses. Each action is safe to repeat. */
@Injectable()
export class ModerationActions {
  constructor(
    private readonly contexts: RequestContexts,
    private readonly deletions: MessageDeletionsService,
    private readonly users: UsersService,
    private readonly members: GroupMembersService,
  ) {}

  /** A target that is gone already needs no action. @throws CaasError `not_in_a_group`, `message_archived` (409) */
  async apply({ tenant, requestId }: RequestContext, row: ModerationCase, { kind, note, by }: Decision): Promise<void> {
    // As the server itself: the user whom the server acted as need not be a member of the conversation.
    const ctx = this.contexts.open(tenant, { kind: 'server', keyId: by }, requestId);
    try {
      if (kind === 'delete_message') await this.deletions.deleteByServer(ctx, row.target_id);
      if (kind === 'deactivate_user') {
        await this.users.update(ctx, row.user.user_external_id, { status: 'deactivated' }, Preconditions.NONE);
      }
      if (kind === 'ban_user') await this.ban(ctx, row, note);
    } catch (error) {
      if (!(error instanceof CaasError) || error.kind !== 'not_found') throw error;
    }
  }

  /** Bans the user from the group in which the message was written. */
  private async ban(ctx: RequestContext, { conversation_id, user }: ModerationCase, note: string | null) {
    const conversation = conversation_id && (await ctx.repository(conversations).findById(conversation_id));
    if (!conversation?.group_id) throw conflict('not_in_a_group', 'The message was not written in a group.');
    await this.members.ban(ctx, conversation.group_id, user.user_external_id, note, Preconditions.NONE);
  }
}
