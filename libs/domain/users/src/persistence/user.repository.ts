import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Filter, Page, PageRequest, RequestContext } from '#caas/kernel';
import { nameKeyOf, users, type User, type UserStatus } from './user.schema';

export interface ProfileChanges {
  display_name?: string;
  avatar_file_id?: ObjectId | null;
  metadata?: Record<string, unknown>;
  status?: UserStatus;
}

export interface UserSelection {
  status?: UserStatus;
  externalIds?: string[];
  /** The beginning of a display name, in any letter case. */
  namePrefix?: string;
}

/** The queries on `users`. */
@Injectable()
export class UserRepository {
  find(ctx: RequestContext, externalId: string): Promise<User | null> {
    return ctx.repository(users).findOne({ external_id: externalId });
  }

  findById(ctx: RequestContext, id: ObjectId): Promise<User | null> {
    return ctx.repository(users).findById(id);
  }

  findWithDeleted(ctx: RequestContext, externalId: string): Promise<User | null> {
    return ctx.repository(users).findOne({ external_id: externalId }, { withDeleted: true });
  }

  findMany(ctx: RequestContext, externalIds: string[]): Promise<User[]> {
    return ctx.repository(users).find({ external_id: { $in: externalIds } }, { limit: externalIds.length });
  }

  findManyWithDeleted(ctx: RequestContext, externalIds: string[]): Promise<User[]> {
    const limit = externalIds.length;
    return ctx.repository(users).find({ external_id: { $in: externalIds } }, { limit, withDeleted: true });
  }

  /** The ids of existing users who are not deactivated. */
  async activeAmong(ctx: RequestContext, ids: ObjectId[]): Promise<ObjectId[]> {
    const found = await ctx.repository(users).find({ _id: { $in: ids } }, { fields: ['status'] });
    return found.filter(({ status }) => status === 'active').map(({ _id }) => _id);
  }

  page(ctx: RequestContext, selection: UserSelection, request: PageRequest): Promise<Page<User>> {
    const filter: Filter<User> = {};
    if (selection.status) filter.status = selection.status;
    if (selection.externalIds) filter.external_id = { $in: selection.externalIds };
    if (selection.namePrefix) filter.name_key = beginningWith(nameKeyOf(selection.namePrefix));
    return ctx.repository(users).page(filter, request);
  }

  /** @throws DuplicateKeyError when a concurrent request created a user with this external id */
  insert(ctx: RequestContext, externalId: string, profile: ProfileChanges): Promise<User> {
    const display_name = profile.display_name ?? externalId;
    return ctx.repository(users).insertOne({
      external_id: externalId,
      display_name,
      name_key: nameKeyOf(display_name),
      avatar_file_id: profile.avatar_file_id ?? null,
      metadata: profile.metadata ?? {},
      status: profile.status ?? 'active',
      last_seen_at: null,
      renamed_at: null,
      tokens_from: null,
      quiet_updates: 0,
    });
  }

  /** Applies `changes` to the version that was read; null when the user has changed since. Also restores a deleted user. */
  change(ctx: RequestContext, user: User, changes: ProfileChanges, now: Date): Promise<User | null> {
    const renamed = changes.display_name !== undefined && changes.display_name !== user.display_name;
    return ctx.repository(users).findOneAndUpdate(
      { _id: user._id, __v: user.__v },
      {
        $set: {
          ...changes,
          ...(renamed ? { name_key: nameKeyOf(changes.display_name!), renamed_at: now } : {}),
          ...(user.deleted_at === null ? {} : { tokens_from: secondAfter(user.deleted_at) }),
          deleted_at: null,
        },
      },
      { withDeleted: true },
    );
  }

  remove(ctx: RequestContext, user: User): Promise<User | null> {
    return ctx
      .repository(users)
      .findOneAndUpdate({ _id: user._id, __v: user.__v }, { $set: { deleted_at: new Date(), avatar_file_id: null } });
  }

  /** Sets `last_seen_at` to `now`, unless it is already `atLeast` or later. */
  async touch(ctx: RequestContext, userId: ObjectId, now: Date, atLeast: Date): Promise<void> {
    await ctx.repository(users).updateOne(
      { _id: userId, $or: [{ last_seen_at: null }, { last_seen_at: { $lt: atLeast } }] },
      { $set: { last_seen_at: now }, $inc: { quiet_updates: 1 } },
      // Leaves `updated_at` unchanged, because it is visible to users who may not see `last_seen_at`.
      { quiet: true },
    );
  }
}

/** Tokens carry their issue time in whole seconds. */
const secondAfter = (time: Date): Date => new Date((Math.floor(time.getTime() / 1000) + 1) * 1000);

/** A range rather than a pattern: an index serves it, and no character needs escaping. */
const beginningWith = (prefix: string) => ({ $gte: prefix, $lt: `${prefix}\u{10ffff}` });
