import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { conflict, type RequestContext, type UserReference } from '#caas/kernel';
import { groupsSettings } from '../conversation/groups.settings';
import { members, type Member } from '../store/member.schema';
import { OwningGroups } from './owning-groups';
import type { MembershipGuard } from './membership-guard';
import type { Role, EffectiveRole } from '../store/roles';
import { Settings } from '#caas/domain/settings';
import { UsersService } from '#caas/domain/users';
import { ConversationChanges, Unchanged } from '../changes/conversation-changes';
import { MembershipChange, type MembershipOutcome } from './membership-change';
import type { Conversation } from '../store/conversation.schema';
import { MembershipNotifier } from './membership-notifier';

/** The order in which roles inherit ownership. */
const SUCCESSION_ORDER: readonly Role[] = ['admin', 'moderator', 'member'];
const HEIRS_AT_ONCE = 50;

interface Step<T> {
  value: T;
  /** Null when nothing changed. */
  outcome: MembershipOutcome | null;
}

/**
 * The only way in which users enter existing conversations, leave them and get roles. Each change takes the next `rev`, in one
 * transaction with what `guard` checks and writes, and is published to everybody concerned. A user who leaves and comes back is a
 * new member.
 */
@Injectable()
export class Memberships {
  constructor(
    private readonly changes: ConversationChanges,
    private readonly notifier: MembershipNotifier,
    private readonly groups: OwningGroups,
    private readonly settings: Settings,
    private readonly users: UsersService,
  ) {}

  /**
   * Adds users. Existing members stay as they are. `guard` runs only when there is somebody to add.
   * @returns the members who were added
   * @throws CaasError `conversation_not_found` (404), `direct_conversation`, `group_full` (409), `banned` (403), and what `guard`
   *   throws
   */
  add(ctx: RequestContext, id: ObjectId, people: UserReference[], guard: MembershipGuard): Promise<Member[]> {
    return this.apply<Member[]>(ctx, id, async (change) => {
      const { tx } = change.scope;
      const among = { $in: people.map(({ user_id }) => user_id) };
      const present = await tx.repository(members).find({ conversation_id: id, 'user.user_id': among });
      const known = new Set(present.map(({ user }) => user.user_id.toHexString()));
      const newcomers = people.filter(({ user_id }) => !known.has(user_id.toHexString()));
      if (newcomers.length === 0) return new Unchanged<Member[]>([]);
      await guard({ tx, effectiveRole: await effectiveRoleOf(tx, ctx, id), target: null });
      return change.admit(newcomers, 'member');
    });
  }

  /**
   * Adds a user with a role, or changes a member's role. There is one owner: the previous owner becomes an admin.
   * @throws CaasError `conversation_not_found` (404), `direct_conversation`, `owner_required`, `group_full` (409), `banned` (403),
   *   and what `guard` throws
   */
  async put(ctx: RequestContext, id: ObjectId, user: UserReference, role: Role, guard: MembershipGuard) {
    let created = false;
    const member = await this.apply<Member>(ctx, id, async (change) => {
      const { tx } = change.scope;
      const target = await memberOf(tx, id, user.user_id);
      created = target === null;
      await guard({ tx, effectiveRole: await effectiveRoleOf(tx, ctx, id), target: target?.role ?? null });
      if (target?.role === role) return new Unchanged(target);
      if (target?.role === 'owner') throw conflict('owner_required', 'Make somebody else the owner instead.');
      const owner = role === 'owner' && (await tx.repository(members).findOne({ conversation_id: id, role: 'owner' }));
      // First, because a new member receives all events from then on.
      const [newcomer] = target ? [] : await change.admit([user], role);
      if (owner) await change.setRole(owner, 'admin');
      return newcomer ?? change.setRole(target!, role);
    });
    return { member, created };
  }

  /**
   * When the owner leaves, ownership passes to the member with the highest role who has been there longest. With the last member
   * the conversation is deleted, and the group that owns it. `guard` also runs when the user is not a member.
   * @returns the removed member; null when the user was not a member
   * @throws CaasError `conversation_not_found` (404), `direct_conversation` (409), and what `guard` throws
   */
  remove(ctx: RequestContext, id: ObjectId, userId: ObjectId, guard: MembershipGuard): Promise<Member | null> {
    return this.apply<Member | null>(ctx, id, async (change) => {
      const { tx } = change.scope;
      const target = await memberOf(tx, id, userId);
      await guard({ tx, effectiveRole: await effectiveRoleOf(tx, ctx, id), target: target?.role ?? null });
      if (!target) return new Unchanged<Member | null>(null);
      await change.expel(target);
      if (target.role === 'owner') {
        const heir = (await this.nextOwner(tx, id)) ?? (await anyOf(tx, id));
        if (heir) await change.setRole(heir, 'owner');
        else await change.close();
      }
      return target;
    });
  }

  /**
   * For an owner who was deleted or deactivated: passes ownership on, as when the owner leaves. If nobody else can take it, they
   * stay the owner.
   * @throws CaasError `conversation_not_found` (404)
   */
  async handOn(ctx: RequestContext, id: ObjectId, userId: ObjectId): Promise<void> {
    await this.apply(ctx, id, async (change) => {
      const { tx } = change.scope;
      const owner = await memberOf(tx, id, userId);
      if (owner?.role !== 'owner') return new Unchanged(undefined);
      const heir = await this.nextOwner(tx, id);
      if (!heir) return new Unchanged(undefined);
      await change.setRole(owner, 'member');
      await change.setRole(heir, 'owner');
      return undefined;
    });
  }

  /**
   * Deletes the conversation for all members, and the group that owns it.
   * @throws CaasError `conversation_not_found` (404), `direct_conversation` (409), and what `guard` throws
   */
  async close(ctx: RequestContext, id: ObjectId, guard: MembershipGuard): Promise<void> {
    await this.apply(ctx, id, async (change) => {
      const { tx } = change.scope;
      await guard({ tx, effectiveRole: await effectiveRoleOf(tx, ctx, id), target: null });
      await change.close();
    });
  }

  /** The next owner: the highest role, then the longest membership, among users who are neither deleted nor deactivated. */
  private async nextOwner(tx: RequestContext, conversation_id: ObjectId): Promise<Member | null> {
    for (const role of SUCCESSION_ORDER) {
      for (let after: ObjectId | null = null; ;) {
        const later = after === null ? {} : { _id: { $gt: after } };
        const some: Member[] = await tx
          .repository(members)
          .find({ conversation_id, role, ...later }, { sort: { _id: 1 }, limit: HEIRS_AT_ONCE });
        const ids = some.map(({ user }) => user.user_id);
        const active = await this.users.activeAmong(tx, ids);
        const heir = some.find(({ user }) => active.has(user.user_id.toHexString()));
        if (heir) return heir;
        if (some.length < HEIRS_AT_ONCE) break;
        after = some.at(-1)!._id;
      }
    }
    return null;
  }

  private async apply<T>(
    ctx: RequestContext,
    id: ObjectId,
    work: (change: MembershipChange) => Promise<T | Unchanged<T>>,
  ): Promise<T> {
    const limits = await this.settings.of(ctx, groupsSettings);
    const { value } = await this.changes.apply<Step<T>>(ctx, id, async (scope) => {
      requireNotDirect(scope.conversation);
      const change = new MembershipChange(scope, ctx.actor.kind === 'user' ? ctx.user : null, limits, this.groups);
      const value = await work(change);
      if (value instanceof Unchanged) return new Unchanged({ value: value.value, outcome: null });
      return { value, outcome: await change.finish() };
    });
    if (value.outcome) await this.notifier.tell(ctx, value.outcome);
    return value.value;
  }
}

/**
 * The two members of a direct conversation never change: a member who wants out archives it, or blocks the other.
 * @throws CaasError `direct_conversation` (409)
 */
export function requireNotDirect({ type }: Pick<Conversation, 'type'>): void {
  if (type !== 'direct') return;
  throw conflict('direct_conversation', 'A direct conversation keeps its two members. Archive it, or block the other.');
}

function memberOf(tx: RequestContext, conversation_id: ObjectId, userId: ObjectId): Promise<Member | null> {
  return tx.repository(members).findOne({ conversation_id, 'user.user_id': userId });
}

/** The actor's effective role, as the transaction sees it; null when the actor is not a member. */
export async function effectiveRoleOf(
  tx: RequestContext,
  { actor }: RequestContext,
  id: ObjectId,
): Promise<EffectiveRole | null> {
  if (actor.kind !== 'user') return 'server';
  return (await memberOf(tx, id, actor.user.user_id))?.role ?? null;
}

/** The fallback when no active member is left: the conversation must not end. */
const anyOf = (tx: RequestContext, conversation_id: ObjectId): Promise<Member | null> =>
  tx.repository(members).findOne({ conversation_id });
