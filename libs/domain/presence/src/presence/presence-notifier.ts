import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import { Blocks } from '#caas/domain/users';
import { Digests, Realtime } from '#caas/platform/realtime';
import { members } from '#caas/domain/conversations';
import { viewOfReference } from '#caas/domain/users';
import { PresenceRepository } from './presence-repository';
import { ownState, stateForOthers, type State } from './presence-status';
import type { Presence } from './presence.schema';

/** Limit on the memberships read in one round of notifications. Of a user in thousands of conversations, not everybody is notified. */
const MAX_MEMBERSHIPS = 20_000;

/** All rows of users, by their ids. */
export type RowsOfUsers = ReadonlyMap<string, readonly Presence[]>;

/** Publishes a user's presence to connected users who share a conversation with that user, except across a block. */
@Injectable()
export class PresenceNotifier {
  constructor(
    private readonly rows: PresenceRepository,
    private readonly blocks: Blocks,
    private readonly digests: Digests,
    private readonly realtime: Realtime,
  ) {}

  /** Publishes the users among `users` whose presence, as others see it, differs between `before` and `now`. */
  async tellChanges(ctx: RequestContext, users: UserReference[], before: RowsOfUsers, now: RowsOfUsers): Promise<void> {
    const changed = users.filter((user) => stateOf(user, before).status !== stateOf(user, now).status);
    await this.tell(ctx, changed);
  }

  /** Publishes the users among `users` who are connected to no process any more. */
  async tellGone(ctx: RequestContext, users: UserReference[], now: RowsOfUsers): Promise<void> {
    await this.tell(
      ctx,
      users.filter((user) => stateOf(user, now).status === 'offline'),
    );
  }

  private async tell(ctx: RequestContext, users: UserReference[]): Promise<void> {
    if (users.length === 0) return;
    const ids = users.map(({ user_id }) => user_id);
    const [conversations, blocked] = await Promise.all([this.conversationsOf(ctx, ids), this.blocks.around(ctx, ids)]);
    // Read as late as possible: when two processes publish the same user at once, the one that read first must not publish last.
    const rows = await this.rows.of(ctx, ids);
    const entries = users.map((user) => {
      const key = user.user_id.toHexString();
      const isInvisible = ownState(rows.get(key) ?? [], new Date()).status === 'invisible';
      return {
        key,
        conversationIds: conversations.get(key) ?? [],
        // A user's own devices must not show an invisible user as offline.
        hiddenFrom: [...(blocked.get(key) ?? []), ...(isInvisible ? [key] : [])],
        change: viewOfPresence(user, stateOf(user, rows)),
      };
    });
    this.digests.publish(ctx, 'presence.changed', entries);
  }

  /** Publishes the real state to the user's own devices. */
  tellSelf(ctx: RequestContext, user: UserReference, state: State): void {
    this.realtime.publish(
      ctx,
      { userId: user.user_id.toHexString() },
      { type: 'presence.changed', data: { changes: [viewOfPresence(user, state)] } },
    );
  }

  private async conversationsOf(ctx: RequestContext, userIds: ObjectId[]): Promise<Map<string, string[]>> {
    const found = await ctx
      .repository(members)
      .find({ 'user.user_id': { $in: userIds } }, { fields: ['conversation_id', 'user'], limit: MAX_MEMBERSHIPS });
    const byUser = new Map<string, string[]>();
    for (const { user, conversation_id } of found) {
      const key = user.user_id.toHexString();
      const own = byUser.get(key);
      if (own) own.push(conversation_id.toHexString());
      else byUser.set(key, [conversation_id.toHexString()]);
    }
    return byUser;
  }
}

export const viewOfPresence = (user: UserReference, { status, last_seen_at }: State) => ({
  user: viewOfReference(user),
  status,
  last_seen_at: last_seen_at?.toISOString() ?? null,
});

const stateOf = ({ user_id }: UserReference, rows: RowsOfUsers): State =>
  stateForOthers(rows.get(user_id.toHexString()) ?? [], new Date());
