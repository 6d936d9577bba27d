import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { foldConversations, type EventData } from '#caas/contracts';
import { isObjectIdHex, isTenantId, type RequestContext, type Tenant } from '#caas/kernel';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import { ConversationDirectory, Realtime } from '#caas/platform/realtime';
import { RequestContexts, TenantDirectory, TenantRotation } from '#caas/tenancy';
import { conversations } from '#caas/domain/conversations';
import { messages } from '../store/message.schema';
import { LateSendVerifier } from './late-send-verifier';
import { ConversationFolds } from '#caas/domain/conversations';
import { DirtyConversations } from '#caas/domain/conversations';

const LONGEST_RUN_MS = 20_000;
/** A process that died may have stored messages without publishing them. Messages older than this were published. */
const UNPUBLISHED_MS = 2 * 60_000;
const MAX_PUBLISHED = 200;
const TENANTS_AT_ONCE = 5;
/** Each conversation costs the engine one or two queries, and there is hardly ever anything to do. */
const ROTATE_EVERY_MS = 30_000;
const CONVERSATIONS_AT_ONCE = 50;

/**
 * Finishes the work of processes that died: folds their conversations, verifies the messages that they stored last, and publishes
 * those that they may not have published. Then it folds a portion of a slow rotation over all conversations, because lists may be
 * lost.
 */
@Handles(foldConversations)
@Injectable()
export class FoldConversationsProcessor implements SystemJobHandler {
  private readonly rotation: TenantRotation;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly directory: TenantDirectory,
    private readonly folds: ConversationFolds,
    private readonly dirty: DirtyConversations,
    private readonly late: LateSendVerifier,
    private readonly feed: ConversationDirectory,
    private readonly realtime: Realtime,
  ) {
    const portion = { tenants: TENANTS_AT_ONCE, everyMs: ROTATE_EVERY_MS };
    this.rotation = new TenantRotation(contexts, directory, { job: foldConversations.name, ...portion });
  }

  async handle(): Promise<string | null> {
    const until = performance.now() + LONGEST_RUN_MS;
    let taken = 0;
    for (const process of await this.dirty.lapsed()) {
      for (const key of await this.dirty.left(process)) {
        if (performance.now() > until)
          return `${taken} conversations were left by processes that died; more are to come`;
        await this.takeOver(key);
        await this.dirty.clear(process, key);
        taken += 1;
      }
      await this.dirty.forget(process);
    }
    await this.rotation.next((ctx, after) => this.foldSome(ctx, after));
    return taken === 0 ? null : `${taken} conversations were left by processes that died`;
  }

  private async takeOver(key: string): Promise<void> {
    const [tenantId, id] = key.split(':');
    const tenant = isTenantId(tenantId) && isObjectIdHex(id) ? await this.directory.find(tenantId) : null;
    if (!tenant) return;
    const ctx = this.open(tenant);
    const conversationId = new ObjectId(id);
    const row = await this.folds.fold(ctx, conversationId);
    if (!row) return;
    await this.verifyLast(ctx, conversationId, row.last_seq);
    await this.publishLast(ctx, conversationId.toHexString(), row.last_seq);
  }

  /** Verifies messages whose inserts were answered too late for that process, or that it had not verified yet. */
  private async verifyLast(ctx: RequestContext, conversation_id: ObjectId, lastSeq: number): Promise<void> {
    const last = await ctx
      .repository(messages)
      .find({ conversation_id, seq: { $gt: lastSeq - MAX_PUBLISHED } }, { sort: { seq: 1 } });
    const since = Date.now() - UNPUBLISHED_MS;
    const young = last.filter(({ created_at }) => created_at.getTime() >= since);
    if (young.length > 0) await this.late.verified(ctx, conversation_id, young);
  }

  /** Processes and their clients drop the events that they have received already. */
  private async publishLast(ctx: RequestContext, conversationId: string, lastSeq: number): Promise<void> {
    const since = new Date(Date.now() - UNPUBLISHED_MS).toISOString();
    const last = await this.feed.missedMessages(ctx.tenantId, conversationId, lastSeq - MAX_PUBLISHED, lastSeq + 1);
    for (const { envelope, afterRev, hiddenFrom } of last) {
      const data = envelope.data as EventData<'message.created'>;
      if (data.created_at < since) continue;
      const numbers = { seq: data.seq, ...(afterRev === undefined ? {} : { afterRev }) };
      const event = { type: 'message.created', conversationId, ...numbers, hiddenFrom, data } as const;
      this.realtime.publish(ctx, { conversationId }, event);
    }
  }

  /** @returns where the next portion begins; null after the last */
  private async foldSome(ctx: RequestContext, after: ObjectId | null): Promise<ObjectId | null> {
    const filter = after === null ? {} : { _id: { $gt: after } };
    const some = await ctx
      .repository(conversations)
      .find(filter, { sort: { _id: 1 }, limit: CONVERSATIONS_AT_ONCE, fields: ['_id'], withDeleted: true });
    for (const { _id } of some) await this.folds.fold(ctx, _id);
    return some.length < CONVERSATIONS_AT_ONCE ? null : some.at(-1)!._id;
  }

  private open(tenant: Tenant): RequestContext {
    return this.contexts.open(tenant, { kind: 'system', name: foldConversations.name }, foldConversations.name);
  }
}
