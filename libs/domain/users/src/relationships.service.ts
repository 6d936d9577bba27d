import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  DuplicateKeyError,
  forbidden,
  invalid,
  notFound,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
  type UserReference,
} from '#caas/kernel';
import { Blocks } from './blocks';
import { RelationshipRepository, type RelationshipSelection } from './persistence/relationship.repository';
import type { RelationshipType, UserRelationship } from './persistence/user-relationship.schema';
import { UserRepository } from './persistence/user.repository';
import { referenceTo } from './references/reference-to';

/** Two users may ask for the same thing at once; each attempt after a conflict sees what the other wrote. */
const ATTEMPTS = 5;

/** Hex ids of users, by their relationship to one user. */
export interface Standings {
  friends: ReadonlySet<string>;
  /** Muted by the user. */
  muted: ReadonlySet<string>;
  /** Blocked by either of the two. */
  blocked: ReadonlySet<string>;
}

/** Friendships, blocks and mutes from one user to another. */
@Injectable()
export class RelationshipsService {
  constructor(
    private readonly relationships: RelationshipRepository,
    private readonly users: UserRepository,
    private readonly blocks: Blocks,
  ) {}

  /**
   * Requests a friendship (or accepts it, when the other side has asked), blocks, or mutes. Safe to repeat. A block ends a friendship
   * on both sides; a blocked user cannot request a friendship with the blocker.
   * @throws CaasError `user_not_found` (404), `relationship_with_self` (400), `blocked` (403), `stale_version`, `already_exists` (412)
   */
  async put(
    ctx: RequestContext,
    externalId: string,
    type: RelationshipType,
    preconditions: Preconditions,
  ): Promise<{ relationship: UserRelationship; created: boolean }> {
    const actor = ctx.user;
    const target = await this.targetOf(ctx, externalId);
    for (let attempt = 1; ; attempt++) {
      try {
        return await ctx.transaction(async (tx) => {
          const outcome = await this.write(tx, actor, target, type);
          preconditions.requireUnversioned(!outcome.created);
          if (type === 'block') tx.afterCommit(() => this.blocks.changed(ctx, actor.user_id, target.user_id));
          return outcome;
        });
      } catch (error) {
        if (!(error instanceof DuplicateKeyError) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** The actor's relationships, newest first by default. Received requests are included with `requested: false`. */
  list(ctx: RequestContext, selection: RelationshipSelection, page: PageRequest): Promise<Page<UserRelationship>> {
    return this.relationships.page(ctx, ctx.user.user_id, selection, page);
  }

  /** Removes every type when `type` is null. Removing a friendship or a request removes it for both sides. */
  async remove(ctx: RequestContext, externalId: string, type: RelationshipType | null): Promise<void> {
    const actor = ctx.user;
    const target = await this.users.findWithDeleted(ctx, externalId);
    if (!target) throw notFound('relationship');
    const removed = await ctx.transaction((tx) => this.relationships.remove(tx, actor.user_id, target._id, type));
    if (removed === 0) throw notFound('relationship');
    this.blocks.changed(ctx, actor.user_id, target._id);
  }

  /** Whether `by` blocks `target`. Only for actions forbidden to the blocked side alone; for all others use `Blocks`. */
  isBlocked(ctx: RequestContext, by: ObjectId, target: ObjectId): Promise<boolean> {
    return this.relationships.holds(ctx, by, target, { type: 'block' });
  }

  /** Whom a user blocks, as hex ids. */
  async blockedBy(ctx: RequestContext, user: ObjectId): Promise<string[]> {
    return this.relationships.blockedBy(ctx, user);
  }

  /** True when both sides asked for it. */
  areFriends(ctx: RequestContext, one: ObjectId, other: ObjectId): Promise<boolean> {
    return this.relationships.holds(ctx, one, other, { type: 'friend', status: 'accepted' });
  }

  /** The user's friends; when there are more than `limit`, the newest friendships. */
  friendIdsOf(ctx: RequestContext, user: ObjectId, limit: number): Promise<ObjectId[]> {
    return this.relationships.friendIdsOf(ctx, user, limit);
  }

  /** The relationships of `user` to each of `others`, in one call for a whole page. */
  async standingsOf(ctx: RequestContext, user: ObjectId, others: ObjectId[]): Promise<Standings> {
    if (others.length === 0) return { friends: NOBODY, muted: NOBODY, blocked: NOBODY };
    const [held, blockers] = await Promise.all([
      this.relationships.towards(ctx, user, others),
      this.relationships.blockersOf(ctx, user, others),
    ]);
    const those = (type: RelationshipType) =>
      held
        .filter((each) => each.type === type && each.status !== 'pending')
        .map(({ target }) => target.user_id.toHexString());
    return {
      friends: new Set(those('friend')),
      muted: new Set(those('mute')),
      blocked: new Set([...those('block'), ...blockers]),
    };
  }

  private async write(ctx: RequestContext, actor: UserReference, target: UserReference, type: RelationshipType) {
    if (type === 'friend') {
      if (await this.isBlocked(ctx, target.user_id, actor.user_id)) {
        throw forbidden('blocked', 'This user does not want to hear from you.');
      }
      return this.relationships.befriend(ctx, actor, target);
    }
    if (type === 'block') await this.relationships.remove(ctx, actor.user_id, target.user_id, 'friend');
    return this.relationships.hold(ctx, actor, target, { type, status: 'active', requested: true });
  }

  private async targetOf(ctx: RequestContext, externalId: string): Promise<UserReference> {
    if (externalId === 'me' || externalId === ctx.user.user_external_id) {
      throw invalid('relationship_with_self', 'A relationship is with somebody else.', [
        { field: 'external_id', message: 'must name another user' },
      ]);
    }
    const target = await this.users.find(ctx, externalId);
    if (!target) throw notFound('user');
    return referenceTo(target);
  }
}

const NOBODY: ReadonlySet<string> = new Set();
