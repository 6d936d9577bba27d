import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  Clock,
  isObjectIdHex,
  notFound,
  parseObjectId,
  type Page,
  type PageRequest,
  type RequestContext,
  type UserReference,
} from '#caas/kernel';
import { Invalidations } from '#caas/platform/cache';
import type { DevicePlatform } from './persistence/user-device.schema';
import { userSessions, type UserSession } from './persistence/user-session.schema';

/** The device and client of a session. */
export interface SessionInput {
  device_id?: string | null;
  platform?: DevicePlatform | null;
  name?: string | null;
}

/** The actor's sessions. A token with a session id (`sid`) expires with its session. */
@Injectable()
export class SessionsService {
  private readonly forgetSession = this.invalidations.publisher('session');

  constructor(
    private readonly invalidations: Invalidations,
    private readonly clock: Clock,
  ) {}

  /** The actor's live sessions. */
  list(ctx: RequestContext, page: PageRequest): Promise<Page<UserSession>> {
    return ctx
      .repository(userSessions)
      .page({ 'user.user_id': ctx.user.user_id, revoked_at: null, expires_at: { $gt: this.clock.now() } }, page);
  }

  /** Ends a session of the actor: its tokens and its sockets stop within 5 s. @throws CaasError `session_not_found` (404) */
  async revoke(ctx: RequestContext, sessionId: string): Promise<void> {
    const { user_id } = ctx.user;
    const revoked = await ctx
      .repository(userSessions)
      .findOneAndUpdate(
        { _id: parseObjectId(sessionId), 'user.user_id': user_id, revoked_at: null },
        { $set: { revoked_at: this.clock.now() } },
      );
    if (!revoked) throw notFound('session');
    this.forget(ctx, revoked);
  }

  /** Ends all sessions of a user who is deleted or deactivated; the caller has checked the permission. */
  async revokeAll(ctx: RequestContext, userId: ObjectId): Promise<void> {
    const repository = ctx.repository(userSessions);
    const live = await repository.find({ 'user.user_id': userId, revoked_at: null }, { fields: ['user'] });
    await repository.updateMany(
      { 'user.user_id': userId, revoked_at: null },
      { $set: { revoked_at: this.clock.now() } },
    );
    for (const session of live) ctx.afterCommit(() => this.forget(ctx, session));
  }

  /** Opens a session for a token that is about to be issued; the caller has checked the permission. */
  open(ctx: RequestContext, user: UserReference, input: SessionInput, expiresAt: Date, id = new ObjectId()) {
    return ctx.repository(userSessions).insertOne({
      _id: id,
      user,
      device_id: input.device_id ?? null,
      platform: input.platform ?? null,
      name: input.name ?? null,
      expires_at: expiresAt,
      revoked_at: null,
    });
  }

  /** Extends a live session to the expiry of one more token. @throws CaasError `session_not_found` (404) */
  async extend(ctx: RequestContext, user: UserReference, id: ObjectId, expiresAt: Date): Promise<UserSession> {
    const session = await ctx
      .repository(userSessions)
      .findOneAndUpdate(
        { _id: id, 'user.user_id': user.user_id, revoked_at: null },
        { $max: { expires_at: expiresAt } },
      );
    if (!session) throw notFound('session');
    return session;
  }

  /** Maps session ids to the hex ids of their users, for sessions that CaaS opened and that are not revoked. */
  async ownersOf(ctx: RequestContext, ids: string[]): Promise<Map<string, string>> {
    const _id = { $in: ids.filter(isObjectIdHex).map((id) => new ObjectId(id)) };
    const live = await ctx.repository(userSessions).find({ _id, revoked_at: null }, { fields: ['user'] });
    return new Map(live.map(({ _id: id, user }) => [id.toHexString(), user.user_id.toHexString()]));
  }

  private forget(ctx: RequestContext, session: UserSession): void {
    this.forgetSession(ctx.tenantId, session._id.toHexString());
  }
}
