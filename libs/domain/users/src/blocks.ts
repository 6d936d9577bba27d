import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { forbidden, type RequestContext, type UserReference } from '#caas/kernel';
import { FreshCache, Invalidations, TenantLookup } from '#caas/platform/cache';
import { RelationshipRepository } from './persistence/relationship.repository';

const MAX_CACHED = 50_000;
/** Of a user who has more, those in question are looked up each time. */
const MAX_HELD = 500;
/** Rows that one look-up for many users reads. */
const MAX_TOGETHER = 5_000;

/** Hex ids of those whom a user blocks, or who block the user; not all of them when there are too many to hold. */
interface Known {
  ids: ReadonlySet<string>;
  isAll: boolean;
}

/**
 * Blocks as everybody who acts on them sees them: between two users, whoever of the two made it. What is known of a user is
 * believed for some seconds, and forgotten on every process as soon as it changes.
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

  /** Hex ids of those among `others` between whom and `user` there is a block. */
  async among(ctx: RequestContext, user: ObjectId, others: ObjectId[]): Promise<ReadonlySet<string>> {
    if (others.length === 0) return NOBODY;
    const { ids, isAll } = await this.of(ctx, user);
    if (!isAll) return new Set(await this.relationships.blocksBetween(ctx, user, others));
    if (ids.size === 0) return NOBODY;
    return new Set(others.map((other) => other.toHexString()).filter((other) => ids.has(other)));
  }

  /**
   * Hex ids of those between whom and `user` there is a block, of a room full of people.
   * @param present asked only when there is somebody to look for; of these, or of all where it is not known whom to look for
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

  /** Hex ids of all those whom a user blocks or who block the user. */
  async allOf(ctx: RequestContext, user: ObjectId): Promise<ReadonlySet<string>> {
    const { ids, isAll } = await this.of(ctx, user);
    return isAll ? ids : new Set((await this.around(ctx, [user])).get(user.toHexString()));
  }

  /** Of each of `users`: hex ids of those whom they block or who block them. */
  async around(ctx: RequestContext, users: ObjectId[]): Promise<ReadonlyMap<string, string[]>> {
    return byUser(await this.relationships.blocksOf(ctx, users));
  }

  /**
   * For what the actor wants to do to others, or with them. A server key that acts as nobody is not bound.
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

  /** To be called after the commit of what changed. */
  changed({ tenantId }: RequestContext, one: ObjectId, other: ObjectId): void {
    this.forgetPair(tenantId, `${one.toHexString()}:${other.toHexString()}`);
  }

  private of(ctx: RequestContext, user: ObjectId): Promise<Known> {
    const id = user.toHexString();
    // What is read inside a transaction is of its snapshot, and for nobody else.
    if (ctx.connection.inTransaction) return this.alone(ctx, user);
    return this.known.get(keyOf(ctx.tenantId, id), async () => (await this.lookup.find(ctx, id)) ?? NO_BLOCKS);
  }

  /** @returns by hex id, without the users who have no blocks */
  private async load(ctx: RequestContext, userIds: string[]): Promise<ReadonlyMap<string, Known>> {
    const users = userIds.map((id) => new ObjectId(id));
    const blocks = await this.relationships.blocksOf(ctx, users, MAX_TOGETHER + 1);
    if (blocks.length <= MAX_TOGETHER) return new Map([...byUser(blocks)].map(([id, ids]) => [id, knownOf(ids)]));
    // Some have so many that others' may be missing.
    return new Map(
      await Promise.all(users.map(async (user) => [user.toHexString(), await this.alone(ctx, user)] as const)),
    );
  }

  private async alone(ctx: RequestContext, user: ObjectId): Promise<Known> {
    return knownOf(await this.relationships.blocksAround(ctx, user, MAX_HELD + 1));
  }
}

const knownOf = (ids: string[]): Known => ({ ids: new Set(ids), isAll: ids.length <= MAX_HELD });

/** By hex id, of whoever holds or suffers one, those on the other side. */
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
