import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  DuplicateKeyError,
  forbidden,
  notFound,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
} from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import { TextPolicy } from '#caas/domain/users';
import { GroupAccess, requireAdmin, type GroupFooting } from './group-access';
import { GroupConversations } from './group-conversations';
import type { MembershipScope } from '#caas/domain/conversations';
import { groupsSettings, requireRoom } from '#caas/domain/conversations';
import { UserResolver } from '#caas/domain/users';
import { groupEditionOf, groups, type GroupType } from './group.schema';
import { members } from '#caas/domain/conversations';
import { isOwner } from '#caas/domain/conversations';

const MAX_GROUPS = 10_000;

export interface NewGroup {
  name: string;
  description?: string | null;
  metadata?: Record<string, unknown>;
  type?: GroupType;
  member_ids?: string[];
  history?: 'all' | 'joined';
}

export interface GroupChanges {
  name?: string;
  description?: string | null;
  metadata?: Record<string, unknown>;
}

/** A group with the actor's role in it and the number of members. */
export interface GroupEntry extends GroupFooting {
  memberCount: number;
}

/** Groups and channels with bans and invites. Each owns a conversation, whose members are the group's members. */
@Injectable()
export class GroupsService {
  constructor(
    private readonly access: GroupAccess,
    private readonly users: UserResolver,
    private readonly conversations: GroupConversations,
    private readonly settings: Settings,
    private readonly rules: TextPolicy,
  ) {}

  /**
   * Creates a group. The actor becomes its owner.
   * @param id of the new group; if the actor created one with this id before, that one is returned
   * @throws CaasError `unknown_members`, `invalid_members` (400), `blocked`, `name_blocked`, `text_blocked` (403), `group_full`
   *   (409): nothing is created then
   */
  async create(ctx: RequestContext, id: ObjectId, wanted: NewGroup): Promise<GroupEntry> {
    const others = await this.users.others(ctx, wanted.member_ids ?? []);
    requireRoom(await this.settings.of(ctx, groupsSettings), others.length + 1);
    const { type = 'group', metadata = {}, history } = wanted;
    const { name, description = null } = await this.admit(ctx, wanted);
    try {
      await ctx.transaction(async (tx) => {
        const opening = { group_id: id, type, name, ...(history ? { history } : {}) };
        const conversation_id = await this.conversations.open(tx, opening, others);
        const group = { _id: id, conversation_id, type, name, description, metadata, created_by: tx.user };
        await tx.repository(groups).insertOne(group);
      });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
    return this.get(ctx, id);
  }

  /** The actor's groups, newest first. */
  async list(ctx: RequestContext, request: PageRequest): Promise<Page<GroupEntry>> {
    const own = await ctx
      .repository(members)
      .find({ 'user.user_id': ctx.user.user_id }, { fields: ['conversation_id', 'role'], limit: MAX_GROUPS });
    const roles = new Map(own.map(({ conversation_id, role }) => [conversation_id.toHexString(), role]));
    const among = { conversation_id: { $in: own.map(({ conversation_id }) => conversation_id) } };
    const { data, page } = await ctx.repository(groups).page(among, request);
    const footings = data.map((group) => ({ group, effectiveRole: roles.get(group.conversation_id.toHexString())! }));
    return { data: await this.counted(ctx, footings), page };
  }

  /** @throws CaasError `group_not_found` (404) */
  async get(ctx: RequestContext, id: ObjectId): Promise<GroupEntry> {
    const [entry] = await this.counted(ctx, [await this.access.require(ctx, id)]);
    return entry!;
  }

  /**
   * For admins and the owner. The conversation gets the group's new name.
   * @throws CaasError `group_not_found` (404), `admin_required`, `name_blocked`, `text_blocked` (403), `stale_version` (412)
   */
  async update(
    ctx: RequestContext,
    id: ObjectId,
    wanted: GroupChanges,
    preconditions: Preconditions,
  ): Promise<GroupEntry> {
    const { conversation_id } = await this.access.requireAdmin(ctx, id);
    const changes = await this.admit(ctx, wanted);
    await this.conversations.change(ctx, conversation_id, changes.name, async (scope) => {
      requireAdmin(scope);
      const rows = scope.tx.repository(groups);
      const group = await rows.findById(id);
      if (!group) throw notFound('group');
      preconditions.require(groupEditionOf(group));
      if (Object.keys(changes).length === 0) return;
      await rows.updateOne({ _id: id }, { $set: { ...changes }, $inc: { edition: 1 } });
    });
    return this.get(ctx, id);
  }

  /**
   * For the owner and the tenant's server. The conversation is deleted with the group.
   * @throws CaasError `group_not_found` (404), `owner_required` (403), `stale_version` (412)
   */
  async remove(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<void> {
    const { group, effectiveRole } = await this.access.require(ctx, id);
    requireOwner(ctx, { effectiveRole });
    await this.conversations.close(ctx, group.conversation_id, async (scope) => {
      requireOwner(ctx, scope);
      const now = await scope.tx.repository(groups).findById(id);
      preconditions.require(groupEditionOf(now ?? group));
    });
  }

  /** @throws CaasError `name_blocked`, `text_blocked` (403) */
  private async admit<W extends GroupChanges>(ctx: RequestContext, wanted: W): Promise<W> {
    const { name, description } = wanted;
    return {
      ...wanted,
      ...(name === undefined ? {} : { name: await this.rules.admitName(ctx, name) }),
      ...(description ? { description: await this.rules.admitText(ctx, description) } : {}),
    };
  }

  private async counted(ctx: RequestContext, footings: GroupFooting[]): Promise<GroupEntry[]> {
    if (footings.length === 0) return [];
    const counts = await this.conversations.memberCounts(
      ctx,
      footings.map(({ group }) => group.conversation_id),
    );
    return footings.map((footing) => ({
      ...footing,
      memberCount: counts.get(footing.group.conversation_id.toHexString()) ?? 0,
    }));
  }
}

function requireOwner(ctx: RequestContext, { effectiveRole }: Pick<MembershipScope, 'effectiveRole'>): void {
  if (!effectiveRole) throw notFound('group');
  if (!isOwner(effectiveRole) && !ctx.isServer) throw forbidden('owner_required', 'Only the owner may do this.');
}
