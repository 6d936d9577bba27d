import { Injectable } from '@nestjs/common';
import { repairReferences } from '#caas/contracts';
import { Clock, type RequestContext } from '#caas/kernel';
import { Handles, type TenantJobHandler } from '#caas/platform/queue';
import { ReferencesService } from '../references/references.service';

const RECENT_MS = 48 * 60 * 60_000;
/** In this hour of the day (UTC) the repair covers every user who was ever renamed, not only the recently renamed. */
const HOUR_OF_FULL_ROTATION = 3;

/** One tenant's part of the hourly sweep. */
@Injectable()
@Handles(repairReferences)
export class RepairReferencesProcessor implements TenantJobHandler<typeof repairReferences> {
  constructor(
    private readonly references: ReferencesService,
    private readonly clock: Clock,
  ) {}

  async handle(ctx: RequestContext): Promise<void> {
    const full = this.clock.now().getUTCHours() === HOUR_OF_FULL_ROTATION;
    await this.references.sweep(ctx, full ? null : RECENT_MS);
  }
}
