import { Inject, Injectable, Optional } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  Clock,
  DuplicateKeyError,
  forbidden,
  invalid,
  notFound,
  parseObjectId,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
  type UserReference,
} from '#caas/kernel';
import { UserCounter } from '#caas/domain/usage';
import { Avatars } from './avatars';
import { Blocks } from './blocks';
import { DeviceRemovals } from './device-removals';
import { userDevices } from './persistence/user-device.schema';
import { UserRepository, type ProfileChanges, type UserSelection } from './persistence/user.repository';
import { profileVersionOf, type User, type UserStatus } from './persistence/user.schema';
import { referenceTo } from './references/reference-to';
import { requireSelfOrServer, resolveExternalId } from './rights';
import { SessionsService } from './sessions.service';
import { TextPolicy } from './text-policy';
import { UserEvents } from './user-events';

/** The granularity of `last_seen_at`: a busy user must not cost a write per request. */
export const SEEN_AGAIN_AFTER_MS = 60_000;

export interface ProfileInput {
  /** 1 to 256 code points. */
  display_name?: string;
  avatar_file_id?: string | null;
  metadata?: Record<string, unknown>;
  status?: UserStatus;
}

/**
 * The profiles of a tenant's users. Profiles are public within a tenant: every user may list and read them, metadata included. Users
 * may change and delete only themselves. Creating users, setting their `status`, and changing others requires the server key.
 */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UserRepository,
    private readonly blocks: Blocks,
    private readonly sessions: SessionsService,
    private readonly devices: DeviceRemovals,
    private readonly changes: UserEvents,
    private readonly counter: UserCounter,
    private readonly clock: Clock,
    @Optional() @Inject(TextPolicy) private readonly rules: TextPolicy | null,
    @Optional() @Inject(Avatars) private readonly avatars: Avatars | null,
  ) {}

  /**
   * Creates a user, updates it, or restores a deleted one (`created` is then true as well). Fields that `input` omits stay unchanged; a
   * new user without a display name gets the external id as name.
   * @throws CaasError `server_key_required`, `name_blocked` (403), `invalid_file` (400, for the avatar), `quota_exceeded` (402) when it
   * would add a user, `stale_version`, `already_exists` (412)
   */
  async put(
    ctx: RequestContext,
    pathId: string,
    input: ProfileInput,
    preconditions: Preconditions,
  ): Promise<{ user: User; created: boolean }> {
    const externalId = resolveExternalId(ctx, pathId);
    this.requireChange(ctx, externalId, input);
    const changes = await this.admit(ctx, changesOf(input));
    for (;;) {
      const known = await this.users.findWithDeleted(ctx, externalId);
      preconditions.require(known?.deleted_at === null ? profileVersionOf(known) : null);
      const user = known ? await this.apply(ctx, known, changes) : await this.insert(ctx, externalId, changes);
      if (user) return { user, created: known === null || known.deleted_at !== null };
    }
  }

  /** Any user of the tenant may list; see `hideFromBlocked` for hidden fields. */
  async list(ctx: RequestContext, selection: UserSelection, request: PageRequest): Promise<Page<User>> {
    const page = await this.users.page(ctx, selection, request);
    return { ...page, data: await this.hideFromBlocked(ctx, page.data) };
  }

  /** Any user of the tenant may read. @throws CaasError `user_not_found` (404) */
  async get(ctx: RequestContext, pathId: string): Promise<User> {
    const user = await this.users.find(ctx, resolveExternalId(ctx, pathId));
    if (!user) throw notFound('user');
    const [seen] = await this.hideFromBlocked(ctx, [user]);
    return seen!;
  }

  /**
   * @throws CaasError `server_key_required`, `name_blocked` (403), `user_not_found` (404), `stale_version` (412),
   *   `invalid_file` (400)
   */
  async update(ctx: RequestContext, pathId: string, input: ProfileInput, preconditions: Preconditions): Promise<User> {
    const externalId = resolveExternalId(ctx, pathId);
    this.requireChange(ctx, externalId, input);
    const changes = await this.admit(ctx, changesOf(input));
    for (;;) {
      const known = await this.users.find(ctx, externalId);
      if (!known) throw notFound('user');
      preconditions.require(profileVersionOf(known));
      const user = await this.apply(ctx, known, changes);
      if (user) return user;
    }
  }

  /**
   * Soft-deletes: the user's name stays on their messages, and PUT restores them. Ends their sessions, removes their devices and
   * avatar, and transfers what they own.
   * @throws CaasError `server_key_required` (403), `user_not_found` (404), `stale_version` (412)
   */
  async remove(ctx: RequestContext, pathId: string, preconditions: Preconditions): Promise<void> {
    const externalId = resolveExternalId(ctx, pathId);
    requireSelfOrServer(ctx, externalId);
    for (;;) {
      const user = await this.users.find(ctx, externalId);
      if (!user) throw notFound('user');
      preconditions.require(profileVersionOf(user));
      const removed = await this.counting(ctx, async (tx, count) => {
        if (!(await this.users.remove(tx, user))) return false;
        await this.avatars?.change(tx, user._id, user.avatar_file_id, null);
        await tx.repository(userDevices).deleteMany({ 'user.user_id': user._id });
        await this.devices.remove(tx, user._id, null);
        await this.sessions.revokeAll(tx, user._id);
        await this.changes.orderHandOver(tx, user);
        await count(-1);
        tx.afterCommit(() => this.changes.forget(ctx, externalId));
        return true;
      });
      if (removed) return;
    }
  }

  /**
   * The references of users, in the order of the request. For other domains, which check the permission.
   * @throws CaasError `unknown_users` (400), which lists the unknown ids
   */
  async referencesTo(ctx: RequestContext, externalIds: string[], field: string): Promise<UserReference[]> {
    if (externalIds.length === 0) return [];
    const found = await this.users.findMany(ctx, [...new Set(externalIds)]);
    const byId = new Map(found.map((user) => [user.external_id, user]));
    const unknown = externalIds.filter((id) => !byId.has(id));
    if (unknown.length > 0) {
      const fields = unknown.map((id) => ({ field, message: `names an unknown user: ${id}` }));
      throw invalid('unknown_users', 'Some of these users do not exist.', fields);
    }
    return externalIds.map((id) => referenceTo(byId.get(id)!));
  }

  /** Hex ids of the users among `ids` who are neither deleted nor deactivated, in one query for a whole page. */
  async activeAmong(ctx: RequestContext, ids: ObjectId[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    return new Set((await this.users.activeAmong(ctx, ids)).map((id) => id.toHexString()));
  }

  /** Null for a user who is deleted or deactivated. */
  async activeReference(ctx: RequestContext, id: ObjectId): Promise<UserReference | null> {
    const user = await this.users.findById(ctx, id);
    return user?.status === 'active' ? referenceTo(user) : null;
  }

  /** Updates the actor's `last_seen_at`. Only requests with a user's own token count. */
  async markSeen(ctx: RequestContext): Promise<void> {
    if (ctx.userActor.via !== 'token') return;
    const now = this.clock.now();
    await this.users.touch(ctx, ctx.user.user_id, now, new Date(now.getTime() - SEEN_AGAIN_AFTER_MS));
  }

  /** Runs a transaction that may change the number of users. */
  private counting<T>(
    ctx: RequestContext,
    work: (tx: RequestContext, count: (by: number) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    return this.counter.counting(ctx, (count) => ctx.transaction((tx) => work(tx, (by) => count(tx, by))));
  }

  private async admit(ctx: RequestContext, changes: ProfileChanges): Promise<ProfileChanges> {
    const { display_name } = changes;
    if (display_name === undefined || !this.rules) return changes;
    return { ...changes, display_name: await this.rules.admitName(ctx, display_name) };
  }

  private requireChange(ctx: RequestContext, externalId: string, input: ProfileInput): void {
    requireSelfOrServer(ctx, externalId);
    if (input.status !== undefined && !ctx.isServer && ctx.actor.kind === 'user') {
      throw forbidden('server_key_required', "Only the tenant's server key may change the status of a user.");
    }
  }

  /** Null when a concurrent request created a user with this external id. */
  private async insert(ctx: RequestContext, externalId: string, changes: ProfileChanges): Promise<User | null> {
    const avatar = changes.avatar_file_id ?? null;
    try {
      return await this.counting(ctx, async (tx, count) => {
        const user = await this.users.insert(tx, externalId, changes);
        if (avatar) await this.avatars?.change(tx, user._id, null, avatar);
        await count(1);
        return user;
      });
    } catch (error) {
      if (error instanceof DuplicateKeyError) return null;
      throw error;
    }
  }

  /**
   * Applies the change atomically with its effects: the refresh job of a rename, and the references of a changed avatar's file. Null
   * when the user has changed since `known` was read.
   */
  private async apply(ctx: RequestContext, known: User, changes: ProfileChanges): Promise<User | null> {
    if (known.deleted_at === null && Object.keys(changes).length === 0) return known;
    const now = this.clock.now();
    const revived = known.deleted_at !== null;
    const renamed = changes.display_name !== undefined && changes.display_name !== known.display_name;
    const retired = changes.status === 'deactivated' && known.status !== 'deactivated';
    const avatar = changes.avatar_file_id;
    const repictured = avatar !== undefined && !isSame(avatar, known.avatar_file_id);
    const change = async (tx: RequestContext): Promise<User | null> => {
      const changed = await this.users.change(tx, known, changes, now);
      if (changed && repictured) await this.avatars?.change(tx, known._id, known.avatar_file_id, avatar);
      if (changed && renamed) await this.changes.orderRefresh(tx, changed);
      if (changed && retired) await this.changes.orderHandOver(tx, changed);
      return changed;
    };
    const revive = () =>
      this.counting(ctx, async (tx, count) => {
        const user = await change(tx);
        if (user) await count(1);
        return user;
      });
    const user = revived
      ? await revive()
      : renamed || repictured || retired
        ? await ctx.transaction(change)
        : await change(ctx);
    if (user) this.changes.announce(ctx, user);
    return user;
  }

  /** Hides `last_seen_at` across a block in either direction (design §5: nor see the blocker's presence). */
  private async hideFromBlocked(ctx: RequestContext, found: User[]): Promise<User[]> {
    if (ctx.isServer || ctx.actor.kind !== 'user') return found;
    const viewer: ObjectId = ctx.user.user_id;
    const others = found.filter((user) => user.last_seen_at !== null && !user._id.equals(viewer));
    const blocked = await this.blocks.among(
      ctx,
      viewer,
      others.map(({ _id }) => _id),
    );
    return found.map((user) => (blocked.has(user._id.toHexString()) ? { ...user, last_seen_at: null } : user));
  }
}

const isSame = (a: ObjectId | null, b: ObjectId | null): boolean => (a && b ? a.equals(b) : a === b);

function changesOf({ avatar_file_id, ...rest }: ProfileInput): ProfileChanges {
  if (avatar_file_id === undefined) return rest;
  return { ...rest, avatar_file_id: avatar_file_id === null ? null : parseObjectId(avatar_file_id, 'avatar_file_id') };
}
