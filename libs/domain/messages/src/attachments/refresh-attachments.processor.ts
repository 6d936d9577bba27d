import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { refreshAttachments, type JobPayload } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Handles, type TenantJobHandler } from '#caas/platform/queue';
import { AttachmentsRefresher } from './attachments-refresher';

/** Runs after a file's processing has ended, and after the file was deleted. */
@Injectable()
@Handles(refreshAttachments)
export class RefreshAttachmentsProcessor implements TenantJobHandler<typeof refreshAttachments> {
  constructor(private readonly refresher: AttachmentsRefresher) {}

  async handle(ctx: RequestContext, { file_id }: JobPayload<typeof refreshAttachments>): Promise<void> {
    await this.refresher.refresh(ctx, new ObjectId(file_id));
  }
}
