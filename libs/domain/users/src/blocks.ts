import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { forbidden, type RequestContext, type UserReference } from '#caas/kernel';
import { FreshCache, Invalidations, TenantLookup } from '#caas/platform/cache';
import { RelationshipRepository } from './persistence/relationship.repository';

const MAX_CACHED = 50_000;
/** The most blocks cached per user. For a user with more, each check queries the database. */
const MAX_HELD = 500;
/** The most rows that one lookup for many users reads. */
const MAX_TOGETHER = 5_000;

/** Hex ids of users on the other side of a block with this user, in either direction; incomplete when there are too many to cache. */
interface Known {
  ids: ReadonlySet<string>;
  isAll: boolean;
}

/**
 * Blocks between two users, whichever of the two made it. A user's blocks are cached for a few seconds, and dropped from every
 * process's cache when they change.
 */
@Injectable()
export class Blocks {
  private readonly known = new FreshCache<Known>(MAX_CACHED);
  private readonly lookup = new TenantLookup<Known>((ctx, users) => this.load(ctx, users));
  private readonly forgetPair = this.invalidations.publisher('relationship');

  constructor(
    private readonly relationships: RelationshipRepository,
    private readonly invalidations: Invalidations,
  ) {
    invalidations.on('relationship', ({ tenantId, id }) => {
      for (const user of id.split(':')) this.known.forget(keyOf(tenantId, user));
    });
  }

  /** Hex ids of the users among `others` who have a block with `user`, in either direction. */
  async among(ctx: RequestContext, user: ObjectId, others: ObjectId[]): Promise<ReadonlySet<string>> {
    if (others.length === 0) return NOBODY;
    const { ids, isAll } = await this.of(ctx, user);
    if (!isAll) return new Set(await this.relationships.blocksBetween(ctx, user, others));
    if (ids.size === 0) return NOBODY;
    return new Set(others.map((other) => other.toHexString()).filter((other) => ids.has(other)));
  }

  /**
   * Like `among`, for a room with many users.
   * @param present returns the users who are present. Called only if `user` has blocks, with the blocked ids, or with null when they
   * are not all cached
   */
  async within(
    ctx: RequestContext,
    user: ObjectId,
    present: (among: ReadonlySet<string> | null) => Promise<ObjectId[]>,
  ): Promise<ReadonlySet<string>> {
    const { ids, isAll } = await this.of(ctx, user);
    if (isAll && ids.size === 0) return NOBODY;
    return this.among(ctx, user, await present(isAll ? ids : null));
  }

  /** Hex ids of all users who have a block with `user`, in either direction. */
  async allOf(ctx: RequestContext, user: ObjectId): Promise<ReadonlySet<string>> {
    const { ids, isAll } = await this.of(ctx, user);
    return isAll ? ids : new Set((await this.around(ctx, [user])).get(user.toHexString()));
  }

  /** For each of `users`: hex ids of the users who have a block with them, in either direction. */
  async around(ctx: RequestContext, users: ObjectId[]): Promise<ReadonlyMap<string, string[]>> {
    return byUser(await this.relationships.blocksOf(ctx, users));
  }

  /**
   * For actions of the actor that involve other users. Does not apply to a server key that acts as no user.
   * @throws CaasError `blocked` (403)
   */
  async requireNone(ctx: RequestContext, others: UserReference[]): Promise<void> {
    if (ctx.actor.kind !== 'user') return;
    const { user_id } = ctx.user;
    const blocked = await this.among(
      ctx,
      user_id,
      others.map((other) => other.user_id),
    );
    if (blocked.size > 0) throw forbidden('blocked', 'There is a block between you and one of these users.');
  }

  /** Invalidates the cached blocks of both users. Call it after the commit. */
  changed({ tenantId }: RequestContext, one: ObjectId, other: ObjectId): void {
    this.forgetPair(tenantId, `${one.toHexString()}:${other.toHexString()}`);
  }

  private of(ctx: RequestContext, user: ObjectId): Promise<Known> {
    const id = user.toHexString();
    // A read inside a transaction sees that transaction's snapshot, so it must not be cached.
    if (ctx.connection.inTransaction) return this.alone(ctx, user);
    return this.known.get(keyOf(ctx.tenantId, id), async () => (await this.lookup.find(ctx, id)) ?? NO_BLOCKS);
  }

  /** @returns by hex id, without users who have no blocks */
  private async load(ctx: RequestContext, userIds: string[]): Promise<ReadonlyMap<string, Known>> {
    const users = userIds.map((id) => new ObjectId(id));
    const blocks = await this.relationships.blocksOf(ctx, users, MAX_TOGETHER + 1);
    if (blocks.length <= MAX_TOGETHER) return new Map([...byUser(blocks)].map(([id, ids]) => [id, knownOf(ids)]));
    // The limit was reached, so the rows of some users may be missing: query each user separately.
    return new Map(
      await Promise.all(users.map(async (user) => [user.toHexString(), await this.alone(ctx, user)] as const)),
    );
  }

  private async alone(ctx: RequestContext, user: ObjectId): Promise<Known> {
    return knownOf(await this.relationships.blocksAround(ctx, user, MAX_HELD + 1));
  }
}

const knownOf = (ids: string[]): Known => ({ ids: new Set(ids), isAll: ids.length <= MAX_HELD });

/** Maps each hex id, on either side of a block, to the ids on the other side. */
function byUser(blocks: [string, string][]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const note = (one: string, other: string) => {
    const known = found.get(one);
    if (known) known.push(other);
    else found.set(one, [other]);
  };
  for (const [one, other] of blocks) {
    note(one, other);
    note(other, one);
  }
  return found;
}

const NO_BLOCKS: Known = { ids: new Set(), isAll: true };
const NOBODY: ReadonlySet<string> = new Set();
const keyOf = (tenantId: string, userId: string) => `${tenantId}/${userId}`;
