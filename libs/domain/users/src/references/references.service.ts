import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, type Filter, type RequestContext, type TenantDocument, type Update } from '#caas/kernel';
import { users, type User } from '../persistence/user.schema';
import { DisplayNameRegistry, type ReferenceHolder, type ReferencePath } from './display-name-registry';

const BATCH = 500;

/** A holder's document, accessed by registered paths because only the holder knows its type. */
type Untyped = TenantDocument & Record<string, unknown>;

/**
 * Keeps the copies of display names current, also in soft-deleted documents. It writes only the name it has just read, into documents
 * with a different one, in the order of their ids. So it may run twice, concurrently, or be killed at any point: the last run to finish
 * leaves the current name.
 */
@Injectable()
export class ReferencesService {
  constructor(
    private readonly holders: DisplayNameRegistry,
    private readonly clock: Clock,
  ) {}

  /** @returns how many copies were stale. For jobs only: no permission is checked. */
  async refresh(ctx: RequestContext, userId: ObjectId): Promise<number> {
    let refreshed = 0;
    for (;;) {
      const user = await ctx.repository(users).findById(userId, { withDeleted: true });
      if (!user) return refreshed;
      for (const holder of this.holders.all()) {
        for (const path of holder.paths) refreshed += await this.refreshPath(ctx, user, holder, path);
      }
      if (!(await this.wasRenamedSince(ctx, user))) return refreshed;
    }
  }

  /**
   * Refreshes the copies of everyone renamed within the last `periodMs` again: this repairs copies written by a process with the old
   * name in its cache, and those of a lost job. Covers every user ever renamed when `periodMs` is null.
   */
  async sweep(ctx: RequestContext, periodMs: number | null): Promise<{ users: number; refreshed: number }> {
    const since = periodMs === null ? new Date(0) : this.before(periodMs);
    const sum = { users: 0, refreshed: 0 };
    const renamed = ctx
      .repository(users)
      .stream({ renamed_at: { $gte: since } }, { withDeleted: true, fields: ['renamed_at'], batchSize: BATCH });
    for await (const { _id } of renamed) {
      sum.users += 1;
      sum.refreshed += await this.refresh(ctx, _id);
    }
    return sum;
  }

  async wasRenamedWithin(ctx: RequestContext, userId: ObjectId, periodMs: number): Promise<boolean> {
    const user = await ctx.repository(users).findById(userId, { withDeleted: true });
    return user !== null && user.renamed_at !== null && user.renamed_at > this.before(periodMs);
  }

  private before(periodMs: number): Date {
    return new Date(this.clock.now().getTime() - periodMs);
  }

  private async refreshPath(
    ctx: RequestContext,
    user: User,
    { collection }: ReferenceHolder,
    { path, list, among }: ReferencePath,
  ): Promise<number> {
    const repository = ctx.repository<Untyped>(collection as never);
    const named = list ? staleInList(path, user) : staleField(path, user);
    const stale: Filter<Untyped> = among ? { $and: [named, among] } : named;
    let refreshed = 0;
    let after: ObjectId | null = null;
    for (;;) {
      const filter: Filter<Untyped> = after === null ? stale : { ...stale, _id: { $gt: after } };
      const found: Untyped[] = await repository.find(filter, {
        sort: { _id: 1 },
        limit: BATCH,
        fields: ['_id'],
        withDeleted: true,
      });
      const last = found.at(-1);
      if (!last) return refreshed;
      const { modified } = await repository.updateMany(
        { ...stale, _id: { $in: found.map(({ _id }) => _id) } },
        list ? setInList(path, user) : setField(path, user),
        list ? { withDeleted: true, arrayFilters: [{ 'copy.user_id': user._id }] } : { withDeleted: true },
      );
      refreshed += modified;
      after = last._id;
    }
  }

  private async wasRenamedSince(ctx: RequestContext, user: User): Promise<boolean> {
    const now = await ctx.repository(users).findById(user._id, { withDeleted: true });
    return now !== null && now.display_name !== user.display_name;
  }
}

const staleField = (path: string, user: User): Filter<Untyped> => ({
  [`${path}.user_id`]: user._id,
  [`${path}.user_display_name`]: { $ne: user.display_name },
});

const staleInList = (path: string, user: User): Filter<Untyped> => ({
  [path]: { $elemMatch: { user_id: user._id, user_display_name: { $ne: user.display_name } } },
});

const setField = (path: string, user: User): Update<Untyped> => ({
  $set: { [`${path}.user_display_name`]: user.display_name },
});

const setInList = (path: string, user: User): Update<Untyped> => ({
  $set: { [`${path}.$[copy].user_display_name`]: user.display_name },
});
