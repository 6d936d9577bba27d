import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { sendScheduled } from '#caas/contracts';
import { Clock, type RequestContext, type Tenant } from '#caas/kernel';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import { RequestContexts, TenantDirectory, TenantRotation } from '#caas/tenancy';
import { ScheduledDueIndex, type ScheduledHint } from './scheduled-due-index';
import { ScheduledSender } from './scheduled-sender';

const HINTS_AT_ONCE = 500;
/** Messages of a tenant that are sent together share a commit. */
const SENDS_AT_ONCE = 32;
const TENANTS_AT_ONCE = 20;
const ROTATE_EVERY_MS = 5_000;
const LONGEST_RUN_MS = 10_000;

/** Follows hints first. Then it checks a portion of a slow rotation over all tenants, because hints may be lost. */
@Handles(sendScheduled)
@Injectable()
export class SendScheduledProcessor implements SystemJobHandler {
  private readonly rotation: TenantRotation;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly directory: TenantDirectory,
    private readonly hints: ScheduledDueIndex,
    private readonly sender: ScheduledSender,
    private readonly clock: Clock,
  ) {
    const portion = { tenants: TENANTS_AT_ONCE, everyMs: ROTATE_EVERY_MS };
    this.rotation = new TenantRotation(contexts, directory, { job: sendScheduled.name, ...portion });
  }

  async handle(): Promise<string | null> {
    const until = Date.now() + LONGEST_RUN_MS;
    const due = await this.hints.due(this.clock.now(), HINTS_AT_ONCE);
    for (let at = 0; at < due.length; at += SENDS_AT_ONCE) {
      if (Date.now() > until) break;
      await settled(due.slice(at, at + SENDS_AT_ONCE).map((hint) => this.follow(hint)));
    }
    const caughtUp = await this.rotate();
    const all = due.length + caughtUp;
    return all === 0 ? null : `${all} scheduled messages were due`;
  }

  private async follow(hint: ScheduledHint): Promise<void> {
    const tenant = await this.directory.find(hint.tenantId);
    await this.hints.set(hint, tenant ? await this.sender.send(this.open(tenant), hint.id) : null);
  }

  /** @returns how many due messages had no hint */
  private async rotate(): Promise<number> {
    let due = 0;
    await this.rotation.next(async (ctx) => {
      due += await this.catchUp(ctx);
      return null;
    });
    return due;
  }

  private async catchUp(ctx: RequestContext): Promise<number> {
    const ids = await this.sender.due(ctx, SENDS_AT_ONCE);
    await settled(ids.map((id) => this.sendOne(ctx, id)));
    return ids.length;
  }

  private async sendOne(ctx: RequestContext, id: ObjectId): Promise<void> {
    await this.hints.set({ tenantId: ctx.tenantId, id }, await this.sender.send(ctx, id));
  }

  private open(tenant: Tenant): RequestContext {
    return this.contexts.open(tenant, { kind: 'system', name: sendScheduled.name }, sendScheduled.name);
  }
}

/**
 * Waits until all have settled, whether or not one fails.
 * @throws Error the first that failed: what is due is found again the next time
 */
async function settled<T>(works: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
