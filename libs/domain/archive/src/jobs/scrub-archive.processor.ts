import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { scrubArchive, type JobPayload } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { Handles, Queues, type TenantJobHandler } from '#caas/platform/queue';
import { ArchiveVerifier } from '../maintenance/archive-verifier';
import { GarbageCollector } from '../maintenance/garbage-collector';

const PORTION_MS = 60_000;

/** Reads back one tenant's cold storage, in portions, and reports segments that are damaged. */
@Injectable()
@Handles(scrubArchive)
export class ScrubArchiveProcessor implements TenantJobHandler<typeof scrubArchive> {
  constructor(
    private readonly verifier: ArchiveVerifier,
    private readonly collector: GarbageCollector,
    private readonly queues: Queues,
    private readonly log: Log,
  ) {}

  async handle(ctx: RequestContext, { after }: JobPayload<typeof scrubArchive>): Promise<void> {
    const from = after === null ? null : new ObjectId(after);
    const found = await this.verifier.verify(ctx, { after: from, deadlineMs: performance.now() + PORTION_MS });
    if (found.damaged > 0) {
      const { damaged, problems } = found;
      this.log.of(ctx).error({ damaged, problems }, 'cold storage is damaged');
    }
    if (found.next === null) {
      await this.collector.collectOrphans(ctx);
      return;
    }
    const meta = { tenantId: ctx.tenantId, requestId: ctx.requestId };
    await this.queues.add(scrubArchive, { after: found.next.toHexString() }, meta);
  }
}
