import { Injectable } from '@nestjs/common';
import type { RequestContext, UserReference } from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import { Blocks, UsersService } from '#caas/domain/users';
import { PresenceNotifier, viewOfPresence } from './presence-notifier';
import { PresenceRepository } from './presence-repository';
import { ownState, stateForOthers, type ChosenStatus, type State } from './presence-status';
import type { Presence } from './presence.schema';
import { presenceSettings } from './presence.settings';

/** Limit of one call. A client that needs more calls again. */
export const MAX_USERS_AT_ONCE = 100;

export type PresenceOfUser = ReturnType<typeof viewOfPresence>;
type KnownUser = Awaited<ReturnType<UsersService['get']>>;

/**
 * The presence of users. Everybody within a tenant may ask, as for profiles, but users with a block between them see each other
 * offline. Changes are published only to users who share a conversation: see `PresenceNotifier`.
 */
@Injectable()
export class PresenceService {
  constructor(
    private readonly users: UsersService,
    private readonly blocks: Blocks,
    private readonly settings: Settings,
    private readonly rows: PresenceRepository,
    private readonly notifier: PresenceNotifier,
  ) {}

  /**
   * Sets the actor's status on all their devices, until they choose again. It is remembered for a day after they have left, except
   * `away`.
   * @throws CaasError `feature_disabled` (403)
   */
  async set(ctx: RequestContext, status: ChosenStatus): Promise<PresenceOfUser> {
    await this.settings.requireOn(ctx, presenceSettings, 'enabled');
    const { user } = ctx;
    const key = user.user_id.toHexString();
    const before = await this.rows.of(ctx, [user.user_id]);
    await this.rows.choose(ctx, user, before.get(key) ?? [], status);
    const rows = await this.rows.of(ctx, [user.user_id]);
    const state = ownState(rows.get(key) ?? [], new Date());
    this.notifier.tellSelf(ctx, user, state);
    await this.notifier.tellChanges(ctx, [user], before, rows);
    return viewOfPresence(user, state);
  }

  /** @throws CaasError `feature_disabled` (403), `user_not_found` (404) */
  async get(ctx: RequestContext, pathId: string): Promise<PresenceOfUser> {
    await this.settings.requireOn(ctx, presenceSettings, 'enabled');
    const [found] = await this.of(ctx, [await this.users.get(ctx, pathId)]);
    return found!;
  }

  /** In the order of `externalIds`, at most a hundred. Unknown ids are left out. @throws CaasError `feature_disabled` (403) */
  async list(ctx: RequestContext, externalIds: string[]): Promise<PresenceOfUser[]> {
    await this.settings.requireOn(ctx, presenceSettings, 'enabled');
    const selection = { externalIds: [...new Set(externalIds)] };
    const page = { cursor: null, limit: MAX_USERS_AT_ONCE, direction: 'backward' } as const;
    const { data } = await this.users.list(ctx, selection, page);
    const byId = new Map(data.map((user) => [user.external_id, user]));
    return this.of(
      ctx,
      selection.externalIds.flatMap((id) => byId.get(id) ?? []),
    );
  }

  private async of(ctx: RequestContext, users: KnownUser[]): Promise<PresenceOfUser[]> {
    const ids = users.map(({ _id }) => _id);
    const viewer = ctx.actor.kind === 'user' ? ctx.user.user_id : null;
    const [rows, blocked] = await Promise.all([
      this.rows.of(ctx, ids),
      viewer && !ctx.isServer ? this.blocks.among(ctx, viewer, ids) : NOBODY,
    ]);
    return users.map((user) => {
      const key = user._id.toHexString();
      const reference = { user_id: user._id, user_external_id: user.external_id, user_display_name: user.display_name };
      if (blocked.has(key)) return viewOfPresence(reference, { status: 'offline', last_seen_at: null });
      const sightings = rows.get(key) ?? [];
      return viewOfPresence(reference, stateSeenBy(viewer, user, sightings));
    });
  }
}

const NOBODY: ReadonlySet<string> = new Set();

function stateSeenBy(viewer: UserReference['user_id'] | null, user: KnownUser, rows: Presence[]): State {
  const now = new Date();
  const state = viewer?.equals(user._id) ? ownState(rows, now) : stateForOthers(rows, now);
  const seen = Math.max(state.last_seen_at?.getTime() ?? 0, user.last_seen_at?.getTime() ?? 0);
  return { ...state, last_seen_at: seen === 0 ? null : new Date(seen) };
}
