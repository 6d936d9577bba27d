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
  /** Only this one. */
  conversationId?: ObjectId | undefined;
  /** Instead of the tenant's own rule. */
  afterDays?: number | undefined;
  /** Goes on after this conversation. */
  after?: ObjectId | null;
  /** When to stop, and say where to go on. */
  deadlineMs?: number;
  throttle?: Throttle;
  /** Told after each conversation. */
  onProgress?: (so: RunResult) => void;
}

export interface RunResult extends Omit<Sealed, 'blocked'> {
  conversations: number;
  pruned: number;
  /** Somebody else is at work on them. */
  busy: number;
  /** Whose archiving failed; the others went on. */
  failed: { conversation_id: string; reason: string }[];
  /** Where to go on; null when all were visited. */
  next: ObjectId | null;
}

/** Sealed, and to be pruned as soon as every process must have heard of it. */
interface Waiting {
  conversation: ArchivableConversation;
  /** When this process saw it so, by its own clock. */
  seenAtMs: number;
  /** An earlier run sealed it: there may be more to seal. */
  again: boolean;
}

interface Run {
  before: Date;
  throttle: Throttle;
  result: RunResult;
  waiting: Waiting[];
}

/** Moves a tenant's old messages to cold storage. It may be stopped anywhere, run twice, or beside itself. */
@Injectable()
export class Archiver {
  /** By then no process believes any more what it knew before. */
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

  /** What a run would move, without moving it: what is held of single users counts too. */
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

  /** What is to go for good goes by way of cold storage, however long messages stay hot otherwise. */
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

  /** Takes those whose time has come away from `waiting`, the first ones first, and so many at once. */
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
