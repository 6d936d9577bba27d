import { Injectable } from '@nestjs/common';
import { refreshAttachments } from '#caas/contracts';
import { Handles, type TenantJobHandler } from '#caas/platform/queue';

/** Nothing holds copies of files yet. */
@Injectable()
@Handles(refreshAttachments)
export class RefreshAttachmentsProcessor implements TenantJobHandler<typeof refreshAttachments> {
  handle(): Promise<void> {
    return Promise.resolve();
  }
}
