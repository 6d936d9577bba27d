import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { refreshReferences, type JobPayload } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { MAX_STALE_MS } from '#caas/platform/cache';
import { encodeJob, Handles, Queues, type TenantJobHandler } from '#caas/platform/queue';
import { ReferencesService } from '../references/references.service';

/** After this time, no process can still have the old name cached. */
const SECOND_LOOK_AFTER_MS = 2 * MAX_STALE_MS;

/** After a rename. */
@Injectable()
@Handles(refreshReferences)
export class RefreshReferencesProcessor implements TenantJobHandler<typeof refreshReferences> {
  constructor(
    private readonly references: ReferencesService,
    private readonly queues: Queues,
  ) {}

  /**
   * After a recent rename, schedules a second run: for some seconds another process may still write the old name. If the second job is
   * lost, the sweep repairs those copies.
   */
  async handle(ctx: RequestContext, payload: JobPayload<typeof refreshReferences>): Promise<void> {
    const userId = new ObjectId(payload.user_id);
    await this.references.refresh(ctx, userId);
    if (!(await this.references.wasRenamedWithin(ctx, userId, SECOND_LOOK_AFTER_MS))) return;
    const meta = { tenantId: ctx.tenantId, requestId: ctx.requestId };
    await this.queues
      .queue(refreshReferences.queue)
      .add(refreshReferences.name, encodeJob(refreshReferences, payload, meta), {
        delay: SECOND_LOOK_AFTER_MS,
        removeOnComplete: true,
        removeOnFail: true,
      });
  }
}
