import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { newRequestId, type RequestContext, type TenantId, type WriteOperation } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { RequestContexts } from '#caas/tenancy';
import type { Typing } from './typing-state';
import { typingIndicators, type TypingIndicator } from './typing-indicator.schema';

const WRITE_EVERY_MS = 1_000;
const LISTED_AT_MOST = 100;
/** Beyond this, writes are dropped: an indicator lasts only seconds. */
const MAX_WAITING = 10_000;

/** Writes `typing_indicators` in the background: one write per second and tenant, with the latest state only. */
@Injectable()
export class TypingRepository implements OnModuleInit, BeforeApplicationShutdown {
  private waiting = new Map<string, Typing>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => this.write(), WRITE_EVERY_MS);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** The latest call for a user in a conversation wins. An indicator that has expired is deleted. */
  set(typing: Typing): void {
    const { tenantId, conversationId, user } = typing;
    const key = `${tenantId}:${conversationId.toHexString()}:${user.user_id.toHexString()}`;
    if (this.waiting.size < MAX_WAITING || this.waiting.has(key)) this.waiting.set(key, typing);
  }

  of(ctx: RequestContext, conversationId: ObjectId): Promise<TypingIndicator[]> {
    return ctx
      .repository(typingIndicators)
      .find({ conversation_id: conversationId, expires_at: { $gt: new Date() } }, { limit: LISTED_AT_MOST });
  }

  private write(): void {
    if (this.waiting.size === 0) return;
    const byTenant = Map.groupBy(this.waiting.values(), ({ tenantId }) => tenantId);
    this.waiting = new Map();
    for (const [tenantId, all] of byTenant) {
      this.writeOf(tenantId, all).catch((error: Error) => {
        this.log.root.warn({ tenant_id: tenantId, reason: error.message }, 'typing not written');
      });
    }
  }

  private async writeOf(tenantId: TenantId, all: Typing[]): Promise<void> {
    const ctx = await this.contexts.openFor(tenantId, { kind: 'system', name: 'typing' }, newRequestId());
    await ctx.repository(typingIndicators).bulkWrite(all.map(operation), { ordered: false });
  }
}

function operation({ conversationId, user, expiresAt }: Typing): WriteOperation<TypingIndicator> {
  const filter = { conversation_id: conversationId, 'user.user_id': user.user_id };
  if (expiresAt <= Date.now()) return { deleteOne: { filter } };
  const { user_external_id, user_display_name } = user;
  return {
    updateOne: {
      filter,
      update: {
        $set: {
          'user.user_external_id': user_external_id,
          'user.user_display_name': user_display_name,
          expires_at: new Date(expiresAt),
        },
      },
      upsert: true,
    },
  };
}
