import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  DuplicateKeyError,
  type Filter,
  type RequestContext,
  type UserReference,
  type WriteOperation,
} from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { presenceConfig } from './presence.config';
import { choiceOf, type ChosenStatus } from './presence-status';
import { presence, type Presence } from './presence.schema';

/** How long a row stays after its user has left. It keeps their chosen status and when they were last seen. */
const KEPT_MS = 24 * 60 * 60_000;
/** How long the users of a process that ends have to reconnect elsewhere before they look offline. */
const HANDOVER_MS = 10_000;
const LOST_AT_ONCE = 500;

type Choice = Pick<Presence, 'status' | 'status_at'>;
type Ended = Pick<Presence, 'connected' | 'alive_until' | 'expires_at'>;

/** The queries on `presence`, in the name of this process. */
@Injectable()
export class PresenceRepository {
  private readonly processId = new ObjectId().toHexString();

  constructor(@InjectConfig(presenceConfig) private readonly config: ConfigOf<typeof presenceConfig>) {}

  /** All rows of each of the users, by id. */
  async of(ctx: RequestContext, userIds: ObjectId[]): Promise<Map<string, Presence[]>> {
    const found = await ctx.repository(presence).find({ 'user.user_id': { $in: userIds } });
    return Map.groupBy(found, ({ user }) => user.user_id.toHexString());
  }

  /** Users connected to this process. `known`: all rows of theirs. */
  async arrive(ctx: RequestContext, users: { user: UserReference; known: Presence[] }[]): Promise<void> {
    const now = new Date();
    await this.insert(
      ctx,
      users.flatMap(({ user, known }) => this.arrival(user, known, now)),
    );
  }

  /** Users have no socket at this process any more. */
  async leave(ctx: RequestContext, users: UserReference[]): Promise<void> {
    const now = new Date();
    const gone = { connected: false, alive_until: now, expires_at: after(now, KEPT_MS) };
    if (users.length === 0) return;
    const among = { 'user.user_id': { $in: users.map(({ user_id }) => user_id) }, process_id: this.processId };
    await this.end(ctx, among, gone, now);
  }

  /**
   * Stores the status that a user of this process chose, for all their devices. `known`: all rows of theirs; their first row may
   * not be written yet.
   */
  async choose(ctx: RequestContext, user: UserReference, known: Presence[], status: ChosenStatus): Promise<void> {
    const now = new Date();
    const chosen = { status, status_at: now, ...(status === 'invisible' ? {} : { seen_at: now }) };
    const rows = ctx.repository(presence);
    if (known.length === 0) await this.insert(ctx, this.arrival(user, [], now, chosen));
    await rows.updateMany({ 'user.user_id': user.user_id }, { $set: chosen });
  }

  /** Renews the rows of this process. @returns how many rows it renewed: fewer than expected when another process took some for lost */
  async renew(ctx: RequestContext): Promise<number> {
    const alive_until = after(new Date(), this.config.PRESENCE_TIMEOUT);
    const { matched } = await ctx
      .repository(presence)
      .updateMany(
        { process_id: this.processId, connected: true },
        { $set: { alive_until, expires_at: after(alive_until, KEPT_MS) } },
      );
    return matched;
  }

  /** Hands over the users of this process when it ends. Nobody notices an interruption if they reconnect elsewhere in time. */
  async handOver(ctx: RequestContext): Promise<void> {
    const now = new Date();
    const alive_until = after(now, HANDOVER_MS);
    await this.end(ctx, { process_id: this.processId, connected: true }, { alive_until }, now);
  }

  /** Marks the users of dead processes as gone. @returns the users among them whom others could see */
  async takeLost(ctx: RequestContext): Promise<UserReference[]> {
    const now = new Date();
    const lost = { connected: true, alive_until: { $lte: now } };
    const rows = await ctx.repository(presence).find(lost, { limit: LOST_AT_ONCE });
    await ctx.repository(presence).bulkWrite(
      rows.map((row) => ({
        updateOne: {
          filter: { _id: row._id, ...lost },
          update: { $set: { connected: false, expires_at: after(now, KEPT_MS), seen_at: this.lastSeen(row) } },
        },
      })),
      { ordered: false },
    );
    return rows.filter(({ status }) => status !== 'invisible').map(({ user }) => user);
  }

  private async insert(ctx: RequestContext, arrivals: WriteOperation<Presence>[]): Promise<void> {
    try {
      await ctx.repository(presence).bulkWrite(arrivals, { ordered: false });
    } catch (error) {
      // Connecting and choosing a status both insert the row. The other insert was faster, and its row says that the user is connected.
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }

  private async end(ctx: RequestContext, among: Filter<Presence>, ended: Partial<Ended>, now: Date): Promise<void> {
    // `seen_at` must not show that an invisible user was connected.
    await ctx.repository(presence).bulkWrite([
      { updateMany: { filter: { ...among, status: 'invisible' }, update: { $set: ended } } },
      {
        updateMany: {
          filter: { ...among, status: { $ne: 'invisible' } },
          update: { $set: { ...ended, seen_at: now } },
        },
      },
    ]);
  }

  /** Keeps a status that was chosen in the meantime: an existing row's status changes only if it is no later than the known one. */
  private arrival(
    user: UserReference,
    known: Presence[],
    now: Date,
    chosen: Choice = choiceOf(known, now) ?? { status: 'online', status_at: now },
  ): WriteOperation<Presence>[] {
    const own = { 'user.user_id': user.user_id, process_id: this.processId };
    const { status, status_at } = chosen;
    const alive_until = after(now, this.config.PRESENCE_TIMEOUT);
    const came = {
      updateOne: {
        filter: own,
        update: {
          $set: {
            'user.user_external_id': user.user_external_id,
            'user.user_display_name': user.user_display_name,
            connected: true,
            alive_until,
            expires_at: after(alive_until, KEPT_MS),
          },
          $setOnInsert: { status, status_at, seen_at: status === 'invisible' ? null : now },
        },
        upsert: true,
      },
    };
    if (!known.some(({ process_id }) => process_id === this.processId)) return [came];
    const knownAt = new Date(Math.max(...known.map((row) => row.status_at.getTime())));
    return [
      { updateOne: { filter: { ...own, status_at: { $lte: knownAt } }, update: { $set: { status, status_at } } } },
      { updateOne: { filter: { ...own, status: { $ne: 'invisible' } }, update: { $set: { seen_at: now } } } },
      came,
    ];
  }

  /** The last sign of life, or the stored `seen_at` if that is later. */
  private lastSeen({ status, seen_at, alive_until }: Presence): Date | null {
    if (status === 'invisible') return seen_at;
    return new Date(Math.max(seen_at?.getTime() ?? 0, alive_until.getTime() - this.config.PRESENCE_TIMEOUT));
  }
}

const after = (time: Date, delayMs: number) => new Date(time.getTime() + delayMs);
