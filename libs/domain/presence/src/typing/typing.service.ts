import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { newRequestId, type RequestContext } from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import { Log } from '#caas/platform/logging';
import { SocketObservers, type OpenSocket, type SocketObserver } from '#caas/platform/realtime';
import { RequestContexts } from '#caas/tenancy';
import { ConversationAccess } from '#caas/domain/conversations';
import { BlockVisibility } from '#caas/domain/conversations';
import { viewOfReference } from '#caas/domain/users';
import { TypingState, type Typing } from './typing-state';
import { TypingRepository } from './typing-repository';
import { typingSettings } from './typing.settings';

const SWEEP_EVERY_MS = 500;

/**
 * Typing indicators. They are published at once. The rows, for members who open a conversation later, are written in the
 * background, so that they slow down neither typing nor sends. The process of the socket ends an indicator: by a stop, when the
 * socket closes, or by time. If that process dies, clients end the indicator themselves at `expires_at`.
 */
@Injectable()
export class TypingService implements OnModuleInit, BeforeApplicationShutdown, SocketObserver {
  private readonly board = new TypingState();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly access: ConversationAccess,
    private readonly settings: Settings,
    private readonly apart: BlockVisibility,
    private readonly rows: TypingRepository,
    private readonly contexts: RequestContexts,
    private readonly observers: SocketObservers,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.observers.add(this);
    this.timer = setInterval(() => {
      const { started, stopped } = this.board.sweep(Date.now());
      this.tellEach(started, (ctx, typing) => this.announceStart(ctx, typing));
      this.tellEach(stopped, (ctx, typing) => this.announceStop(ctx, typing));
    }, SWEEP_EVERY_MS);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @throws CaasError `conversation_not_found` (404), `feature_disabled`, `blocked` (403): as for sending */
  async start(ctx: RequestContext, conversationId: ObjectId, socketId: string): Promise<{ expires_at: string }> {
    await this.settings.requireOn(ctx, typingSettings, 'enabled');
    await this.access.requireSender(ctx, conversationId);
    const who = { tenantId: ctx.tenantId, conversationId, user: ctx.user };
    const { typing, tell } = this.board.start(who, socketId, Date.now());
    if (tell) this.announceStart(ctx, typing);
    return { expires_at: new Date(typing.expiresAt).toISOString() };
  }

  /** @throws CaasError `conversation_not_found` (404), `blocked` (403) */
  async stop(ctx: RequestContext, conversationId: ObjectId, socketId: string): Promise<void> {
    await this.access.requireSender(ctx, conversationId);
    const who = { tenantId: ctx.tenantId, conversationId, user: ctx.user };
    if (this.board.stop(who, socketId)) this.announceStop(ctx, who);
  }

  /**
   * The users who are typing, for a member of the conversation; not across a block.
   * @throws CaasError `feature_disabled` (403), `conversation_not_found` (404)
   */
  async list(ctx: RequestContext, conversationId: ObjectId) {
    await this.settings.requireOn(ctx, typingSettings, 'enabled');
    await this.access.readable(ctx, conversationId);
    const rows = await this.apart.notFrom(ctx, await this.rows.of(ctx, conversationId));
    return rows.map(({ user, expires_at }) => ({
      user: viewOfReference(user),
      expires_at: expires_at.toISOString(),
    }));
  }

  disconnected({ id }: OpenSocket): void {
    this.tellEach(this.board.leave(id), (ctx, typing) => this.announceStop(ctx, typing));
  }

  private tellEach(all: Typing[], tell: (ctx: RequestContext, typing: Typing) => void): void {
    for (const typing of all) {
      this.contexts.openFor(typing.tenantId, { kind: 'system', name: 'typing' }, newRequestId()).then(
        (ctx) => tell(ctx, typing),
        (error: Error) => this.log.root.warn({ tenant_id: typing.tenantId, reason: error.message }, 'typing not told'),
      );
    }
  }

  private announceStart(ctx: RequestContext, typing: Typing): void {
    this.rows.set(typing);
    const data = { user: viewOfReference(typing.user), expires_at: new Date(typing.expiresAt).toISOString() };
    this.apart.tell(ctx, typing.conversationId, typing.user, { type: 'typing.started', data });
  }

  private announceStop(ctx: RequestContext, typing: Omit<Typing, 'expiresAt'>): void {
    this.rows.set({ ...typing, expiresAt: 0 });
    const data = { user: viewOfReference(typing.user) };
    this.apart.tell(ctx, typing.conversationId, typing.user, { type: 'typing.stopped', data });
  }
}
