import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, conflict, notFound, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import { GroupAccess } from './group-access';
import { groupsSettings } from '#caas/domain/conversations';
import { GroupConversations } from './group-conversations';
import { groupInvites, type GroupInvite } from './group-invite.schema';
import { groups } from './group.schema';

const CODE_BYTES = 18;
const DEFAULT_LIFE_S = 7 * 24 * 60 * 60;

export interface NewInvite {
  /** Seconds. */
  expires_in?: number;
  max_uses?: number | null;
}

/** Invites let users who have the code join a group, until the invite expires, is used up or is revoked. */
@Injectable()
export class GroupInvitesService {
  constructor(
    private readonly access: GroupAccess,
    private readonly conversations: GroupConversations,
    private readonly clock: Clock,
    private readonly settings: Settings,
  ) {}

  /**
   * For admins and the owner. Only this answer contains the code.
   * @throws CaasError `group_not_found` (404), `feature_disabled`, `admin_required` (403), `acting_user_required` (400)
   */
  async create(ctx: RequestContext, id: ObjectId, wanted: NewInvite): Promise<{ invite: GroupInvite; code: string }> {
    await this.settings.requireOn(ctx, groupsSettings, 'invites_enabled');
    await this.access.requireAdmin(ctx, id);
    const code = randomBytes(CODE_BYTES).toString('base64url');
    const lifeMs = (wanted.expires_in ?? DEFAULT_LIFE_S) * 1000;
    const invite = await ctx.repository(groupInvites).insertOne({
      group_id: id,
      code_hash: hashOf(code),
      created_by: ctx.user,
      expires_at: new Date(this.clock.now().getTime() + lifeMs),
      max_uses: wanted.max_uses ?? null,
      uses: 0,
    });
    return { invite, code };
  }

  /** The invites that are not revoked, newest first. @throws CaasError `group_not_found` (404), `admin_required` (403) */
  async list(ctx: RequestContext, id: ObjectId, request: PageRequest): Promise<Page<GroupInvite>> {
    await this.access.requireAdmin(ctx, id);
    return ctx.repository(groupInvites).page({ group_id: id }, request);
  }

  /** @throws CaasError `group_not_found`, `invite_not_found` (404), `admin_required` (403) */
  async revoke(ctx: RequestContext, id: ObjectId, inviteId: ObjectId): Promise<void> {
    await this.access.requireAdmin(ctx, id);
    const revoked = await ctx.repository(groupInvites).softDelete({ _id: inviteId, group_id: id });
    if (!revoked) throw notFound('invite');
  }

  /**
   * Adds the actor to the group. Uses are counted in the transaction that adds them, so that the limit holds. A member who joins
   * again uses nothing up.
   * @throws CaasError `invite_not_found` (404, also when the group is gone), `invite_expired`, `invite_revoked`, `invite_used_up`,
   *   `group_full` (409), `feature_disabled`, `banned` (403)
   */
  async join(ctx: RequestContext, code: string): Promise<{ groupId: ObjectId; joined: boolean }> {
    await this.settings.requireOn(ctx, groupsSettings, 'invites_enabled');
    const code_hash = hashOf(code);
    const found = await ctx.repository(groupInvites).findOne({ code_hash }, { withDeleted: true });
    const group = found && (await ctx.repository(groups).findById(found.group_id));
    if (!group) throw notFound('invite');
    const joined = await this.conversations.admit(ctx, group.conversation_id, ctx.user, async ({ tx }) => {
      const invites = tx.repository(groupInvites);
      const invite = await invites.findOne({ code_hash }, { withDeleted: true });
      if (!invite) throw notFound('invite');
      this.requireUsable(invite);
      await invites.updateOne({ _id: invite._id }, { $inc: { uses: 1 } });
    });
    return { groupId: group._id, joined };
  }

  private requireUsable({ deleted_at, expires_at, max_uses, uses }: GroupInvite): void {
    if (deleted_at) throw conflict('invite_revoked', 'This invite was revoked.');
    if (expires_at <= this.clock.now()) throw conflict('invite_expired', 'This invite has expired.');
    if (max_uses !== null && uses >= max_uses) throw conflict('invite_used_up', 'This invite was used up.');
  }
}

const hashOf = (code: string): string => createHash('sha256').update(code).digest('base64url');
