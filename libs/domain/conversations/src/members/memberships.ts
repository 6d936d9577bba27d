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

/** From those who could lead it best to those who could as well. */
const SUCCESSION_ORDER: readonly Role[] = ['admin', 'moderator', 'member'];
const HEIRS_AT_ONCE = 50;

interface Step<T> {
  value: T;
  /** Null when nothing changed. */
  outcome: MembershipOutcome | null;
}

/**
 * The one way in which people come into conversations that are there, leave them, and get roles: with the next `rev`, in one
 * transaction with what `guard` says and writes, and told to everybody concerned. Who leaves and comes again is a new member.
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
   * Those who are in already stay as they are; `guard` is asked when there is somebody who is not.
   * @returns those who came
   * @throws CaasError `conversation_not_found` (404), `direct_conversation`, `group_full` (409), `banned` (403), and what
   *   `guard` throws
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
   * Lets somebody in with a role, or gives them another. There is one owner: who was it before becomes an admin.
   * @throws CaasError `conversation_not_found` (404), `direct_conversation`, `owner_required`, `group_full` (409), `banned`
   *   (403), and what `guard` throws
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
      // First, since who comes hears all that is told from then on.
      const [newcomer] = target ? [] : await change.admit([user], role);
      if (owner) await change.setRole(owner, 'admin');
      return newcomer ?? change.setRole(target!, role);
    });
    return { member, created };
  }

  /**
   * An owner who leaves hands ownership on to who comes next in role, and has been there longest; with the last member the
   * conversation goes, and the group that owns it. `guard` is asked also about somebody who is not in.
   * @returns who was removed; null when they were not in
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
   * Of an owner who was deleted or deactivated: somebody else becomes the owner, as when the owner leaves. Where there is nobody
   * else, they stay it.
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
   * Ends the conversation for all, and the group that owns it.
   * @throws CaasError `conversation_not_found` (404), `direct_conversation` (409), and what `guard` throws
   */
  async close(ctx: RequestContext, id: ObjectId, guard: MembershipGuard): Promise<void> {
    await this.apply(ctx, id, async (change) => {
      const { tx } = change.scope;
      await guard({ tx, effectiveRole: await effectiveRoleOf(tx, ctx, id), target: null });
      await change.close();
    });
  }

  /** Who comes next in role, and has been there longest, of those who are neither deleted nor deactivated. */
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
 * The two of a direct conversation are the same for good: who has enough of it archives it, or blocks the other.
 * @throws CaasError `direct_conversation` (409)
 */
export function requireNotDirect({ type }: Pick<Conversation, 'type'>): void {
  if (type !== 'direct') return;
  throw conflict('direct_conversation', 'A direct conversation keeps its two members. Archive it, or block the other.');
}

function memberOf(tx: RequestContext, conversation_id: ObjectId, userId: ObjectId): Promise<Member | null> {
  return tx.repository(members).findOne({ conversation_id, 'user.user_id': userId });
}

/** What the actor is, as the transaction sees it; null for somebody who is not a member. */
export async function effectiveRoleOf(
  tx: RequestContext,
  { actor }: RequestContext,
  id: ObjectId,
): Promise<EffectiveRole | null> {
  if (actor.kind !== 'user') return 'server';
  return (await memberOf(tx, id, actor.user.user_id))?.role ?? null;
}

/** Rather than that the conversation ends. */
const anyOf = (tx: RequestContext, conversation_id: ObjectId): Promise<Member | null> =>
  tx.repository(members).findOne({ conversation_id });
