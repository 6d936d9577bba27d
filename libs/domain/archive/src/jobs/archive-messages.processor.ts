import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { archiveMessages, type JobPayload } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { Handles, Queues, type TenantJobHandler } from '#caas/platform/queue';
import { EventRateProbe } from '#caas/platform/realtime';
import { Archiver } from '../archiving/archiver';
import { AdaptiveThrottle } from '../archiving/throttle';
import { GarbageCollector } from '../maintenance/garbage-collector';
import { RetentionEnforcer } from '../maintenance/retention-enforcer';

/** After this time, the job yields to the next tenant. */
const PORTION_MS = 5 * 60_000;

/** Moves one tenant's old messages, a portion at a time. */
@Injectable()
@Handles(archiveMessages)
export class ArchiveMessagesProcessor implements TenantJobHandler<typeof archiveMessages> {
  constructor(
    private readonly archiver: Archiver,
    private readonly expirer: RetentionEnforcer,
    private readonly collector: GarbageCollector,
    private readonly queues: Queues,
    private readonly traffic: EventRateProbe,
    private readonly log: Log,
  ) {}

  async handle(ctx: RequestContext, { after }: JobPayload<typeof archiveMessages>): Promise<void> {
    const from = after === null ? null : new ObjectId(after);
    const deadlineMs = performance.now() + PORTION_MS;
    const throttle = new AdaptiveThrottle(this.traffic);
    const result = await this.archiver.run(ctx, { after: from, deadlineMs, throttle });
    if (result.failed.length > 0) {
      this.log.of(ctx).error({ failed: result.failed.slice(0, 10), count: result.failed.length }, 'not archived');
    }
    if (result.next === null) {
      await this.expirer.expire(ctx);
      await this.collector.collect(ctx);
      return;
    }
    const meta = { tenantId: ctx.tenantId, requestId: ctx.requestId };
    await this.queues.add(archiveMessages, { after: result.next.toHexString() }, meta);
  }
}
