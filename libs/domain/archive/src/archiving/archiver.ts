import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, type RequestContext } from '#caas/kernel';
import { archivedConfig } from '#caas/domain/conversations';
import { ArchivableMessages, type ArchivableConversation } from '#caas/domain/messages';
import { forEachConcurrent } from '#caas/platform/concurrency';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { archiveSegments } from '../persistence/archive-segment.schema';
import { ArchivePolicy, cutoffOf, retentionCutoff } from './archive-policy';
import { ArchiveHolds } from './holds';
import { ArchiveLeases } from './leases';
import { FULL_SPEED, type Throttle } from './throttle';
import { Pruner } from './pruner';
import { Restorer } from './restorer';
import { SegmentWriter, type Sealed } from './segment-writer';

const CONVERSATIONS_AT_ONCE = 200;
const AT_WORK_AT_ONCE = 4;

export interface RunOptions {
  /** Limits the run to this conversation. */
  conversationId?: ObjectId | undefined;
  /** Overrides the tenant's policy. */
  afterDays?: number | undefined;
  /** Resumes after this conversation. */
  after?: ObjectId | null;
  /** When to stop; `next` of the result says where to resume. */
  deadlineMs?: number;
  throttle?: Throttle;
  /** Called after each conversation. */
  onProgress?: (so: RunResult) => void;
}

export interface RunResult extends Omit<Sealed, 'blocked'> {
  conversations: number;
  pruned: number;
  /** Conversations skipped because another process holds their lease. */
  busy: number;
  /** Conversations whose archiving failed. The run went on with the others. */
  failed: { conversation_id: string; reason: string }[];
  /** Pass as `after` to resume; null when all conversations were visited. */
  next: ObjectId | null;
}

/** A sealed conversation. It is pruned after the grace period, when every process must have seen the seal. */
interface Waiting {
  conversation: ArchivableConversation;
  /** When this process saw the seal, by `performance.now()`. */
  seenAtMs: number;
  /** An earlier run sealed it, so there may be more messages to seal. */
  again: boolean;
}

interface Run {
  before: Date;
  throttle: Throttle;
  result: RunResult;
  waiting: Waiting[];
}

/** Moves a tenant's old messages to cold storage. A run may be interrupted at any point, repeated, or run concurrently with another. */
@Injectable()
export class Archiver {
  /** After this time, no process uses a manifest from before the seal. */
  private readonly graceMs: number;

  constructor(
    private readonly hot: ArchivableMessages,
    private readonly policy: ArchivePolicy,
    private readonly leases: ArchiveLeases,
    private readonly holds: ArchiveHolds,
    private readonly sealer: SegmentWriter,
    private readonly pruner: Pruner,
    private readonly restorer: Restorer,
    private readonly clock: Clock,
    @InjectConfig(archivedConfig) config: ConfigOf<typeof archivedConfig>,
  ) {
    this.graceMs = 2 * config.ARCHIVE_TRUST;
  }

  async run(ctx: RequestContext, options: RunOptions = {}): Promise<RunResult> {
    const before = await this.before(ctx, options);
    const result: RunResult = {
      conversations: 0,
      segments: 0,
      messages: 0,
      bytes: 0,
      pruned: 0,
      busy: 0,
      failed: [],
      next: null,
    };
    await this.holds.forgetPast(ctx);
    const run: Run = { before, throttle: options.throttle ?? FULL_SPEED, result, waiting: [] };
    for (let after = options.after ?? null; ;) {
      const some = await this.conversations(ctx, options.conversationId, after);
      await forEachConcurrent(some, AT_WORK_AT_ONCE, async (conversation) => {
        if (isOver(options)) return;
        after = conversation._id;
        result.conversations += 1;
        await this.visit(ctx, run, conversation);
        await this.pruneRipe(ctx, run, 1);
        options.onProgress?.(result);
      });
      if (isOver(options) && some.length > 0) {
        result.next = after;
        break;
      }
      if (some.length < CONVERSATIONS_AT_ONCE || options.conversationId) break;
    }
    while (run.waiting.length > 0) {
      await sleep(Math.max(0, run.waiting[0]!.seenAtMs + this.graceMs - performance.now()));
      await this.pruneRipe(ctx, run, AT_WORK_AT_ONCE);
    }
    return result;
  }

  /** Counts what a run would move, without moving it. The count includes messages held because of a single user. */
  async due(
    ctx: RequestContext,
    options: Pick<RunOptions, 'conversationId' | 'afterDays'>,
  ): Promise<{ conversations: number; messages: number }> {
    const before = await this.before(ctx, options);
    const held = await this.holds.of(ctx);
    const due = { conversations: 0, messages: 0 };
    for (let after: ObjectId | null = null; ;) {
      const some = await this.conversations(ctx, options.conversationId, after);
      for (const { _id } of some) {
        const oldest = held.keepsAll(_id) ? null : await this.hot.oldest(ctx, _id);
        if (oldest === null || oldest >= before) continue;
        due.conversations += 1;
        due.messages += await this.hot.countBefore(ctx, _id, before);
      }
      after = some.at(-1)?._id ?? null;
      if (some.length < CONVERSATIONS_AT_ONCE || options.conversationId) return due;
    }
  }

  /** Messages expire only from cold storage, so those older than the retention are archived even if `afterDays` would keep them hot. */
  private async before(ctx: RequestContext, { afterDays }: RunOptions): Promise<Date> {
    const rules = await this.policy.of(ctx);
    const now = this.clock.now();
    const cutoff = cutoffOf(afterDays ?? rules.afterDays, now);
    const retention = retentionCutoff(rules, now);
    return retention !== null && retention > cutoff ? retention : cutoff;
  }

  private async conversations(ctx: RequestContext, only: ObjectId | undefined, after: ObjectId | null) {
    if (!only) return this.hot.conversations(ctx, after, CONVERSATIONS_AT_ONCE);
    const found = await this.hot.conversation(ctx, only);
    return found ? [found] : [];
  }

  private async visit(ctx: RequestContext, run: Run, conversation: ArchivableConversation): Promise<void> {
    const { before, throttle, result, waiting } = run;
    const { _id } = conversation;
    try {
      const oldest = await this.hot.oldest(ctx, _id);
      const isDue = oldest !== null && oldest < before;
      if (!isDue && !(await this.isUnfinished(ctx, _id))) return;
      const sealed = await this.leases.with(ctx, _id, (lease) => this.sealer.seal(ctx, lease, before, throttle));
      if (!sealed) return void (result.busy += 1);
      for (const what of ['segments', 'messages', 'bytes'] as const) result[what] += sealed[what];
      const waits = sealed.blocked || sealed.segments > 0;
      if (waits) waiting.push({ conversation, seenAtMs: performance.now(), again: sealed.blocked });
    } catch (error) {
      result.failed.push(failureOf(_id, error));
    }
  }

  private async isUnfinished(ctx: RequestContext, conversation_id: ObjectId): Promise<boolean> {
    const state = { $in: ['planned', 'sealed', 'restoring'] };
    return (await ctx.repository(archiveSegments).findOne({ conversation_id, state }, { fields: ['_id'] })) !== null;
  }

  /** Prunes the conversations whose grace period has passed, oldest first, `atOnce` concurrently, and removes them from `waiting`. */
  private async pruneRipe(ctx: RequestContext, run: Run, atOnce: number): Promise<void> {
    await forEachConcurrent(this.ripe(run), atOnce, (each) => this.prune(ctx, run, each));
  }

  private *ripe({ waiting }: Run): Iterable<Waiting> {
    while (waiting.length > 0 && performance.now() - waiting[0]!.seenAtMs >= this.graceMs) yield waiting.shift()!;
  }

  private async prune(ctx: RequestContext, run: Run, { conversation, again }: Waiting): Promise<void> {
    const { throttle, result } = run;
    try {
      const pruned = await this.leases.with(ctx, conversation._id, async (lease) => {
        await this.restorer.finish(ctx, lease);
        return this.pruner.prune(ctx, lease, throttle);
      });
      if (pruned === null) return void (result.busy += 1);
      result.pruned += pruned;
      if (again) await this.visit(ctx, run, conversation);
    } catch (error) {
      result.failed.push(failureOf(conversation._id, error));
    }
  }
}

const isOver = ({ deadlineMs }: RunOptions): boolean => deadlineMs !== undefined && performance.now() > deadlineMs;

const failureOf = (id: ObjectId, error: unknown) => ({
  conversation_id: id.toHexString(),
  reason: (error as Error).message,
});
